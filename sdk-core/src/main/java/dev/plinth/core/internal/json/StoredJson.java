package dev.plinth.core.internal.json;

import dev.plinth.core.json.Json;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Documents that PostgreSQL gave out of a {@code jsonb} column. It checked their form when it took
 * them, and to check it once more would cost each request the time of a parser. Only {@link Json}
 * itself can make one unchecked, and lends this class the means; nothing public reaches it.
 */
public final class StoredJson {
  private static volatile @Nullable Function<String, Json> unchecked;

  private StoredJson() {}

  /** For {@link Json}, when it is initialised. */
  public static void unchecked(Function<String, Json> constructor) {
    unchecked = constructor;
  }

  /** The document of a {@code jsonb} column, by its text. */
  public static Json of(String text) {
    Function<String, Json> constructor = unchecked;
    if (constructor == null) {
      Json.emptyObject(); // initialises the class
      constructor = unchecked;
    }
    return Objects.requireNonNull(constructor).apply(text);
  }
}
