package dev.plinth.core.internal.config;

import dev.plinth.core.config.Setting;
import dev.plinth.core.config.SettingValue;
import dev.plinth.core.json.Json;
import dev.plinth.core.json.JsonCodec;
import dev.plinth.core.spi.Args;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns values into JSON and rows into values. Safe for use by many threads. */
final class Parse {
  private static final Logger log = LoggerFactory.getLogger(Parse.class);
  private static final int LONGEST = 1_000_000;

  private final JsonCodec codec;

  /** Which version of a setting was complained about. */
  private final Map<String, Long> logged = new ConcurrentHashMap<>();

  Parse(JsonCodec codec) {
    this.codec = codec;
  }

  <T> Json json(Setting<T> setting, T value) {
    Json json = setting.type().write(setting.requireValid(value), codec);
    Args.check(
        json.text().length() <= LONGEST,
        "value must have at most 1,000,000 characters as JSON, but has " + json.text().length());
    return json;
  }

  <T> SettingValue<T> value(Setting<T> setting, SettingRows.Row row) {
    @Nullable Json stored = row.value();
    if (stored == null) {
      return unset(setting, row, null);
    }
    try {
      T value = setting.requireValid(setting.type().read(stored, codec));
      return new SettingValue<>(
          value, row.version(), false, row.updatedBy(), row.updatedAt(), null);
    } catch (RuntimeException e) {
      // Whatever a type or a check of the host's throws: the node goes on with the default.
      String problem = Objects.requireNonNullElse(e.getMessage(), e.getClass().getName());
      if (!Objects.equals(logged.put(setting.name(), row.version()), row.version())) {
        log.warn(
            "The setting {} has its default here, since what is stored as version {} cannot be"
                + " used: {}",
            setting,
            row.version(),
            problem);
      }
      return unset(setting, row, problem);
    }
  }

  private static <T> SettingValue<T> unset(
      Setting<T> setting, SettingRows.Row row, @Nullable String problem) {
    return new SettingValue<>(
        setting.defaultValue(), row.version(), true, row.updatedBy(), row.updatedAt(), problem);
  }
}
