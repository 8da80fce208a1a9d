package dev.plinth.core.config;

import dev.plinth.core.json.Json;
import dev.plinth.core.json.JsonCodec;

/**
 * How the values of a setting stand in the database: as one JSON value. {@link Setting} brings the
 * usual ones; a host may add its own. Implementations are safe for use by many threads.
 *
 * @param <T> the values' type, immutable
 */
public interface SettingType<T> {
  /**
   * A value as JSON.
   *
   * @throws IllegalArgumentException when it cannot be represented
   */
  Json write(T value, JsonCodec codec);

  /**
   * A value from JSON.
   *
   * @throws IllegalArgumentException when the document is not one of this type, as one that another
   *     version of the host has written may be; the message does not repeat it
   */
  T read(Json json, JsonCodec codec);
}
