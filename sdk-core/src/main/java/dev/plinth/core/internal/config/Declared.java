package dev.plinth.core.internal.config;

import dev.plinth.core.config.Setting;
import dev.plinth.core.spi.Args;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The settings that were ever used here, by name. Safe for use by many threads. */
final class Declared {
  private final Map<String, Setting<?>> byName = new ConcurrentHashMap<>();

  /** The setting, unless it is a secret or its name stands for another type. */
  <T> Setting<T> require(Setting<T> setting) {
    Args.notNull(setting, "setting");
    if (setting.isSensitive()) {
      throw new IllegalArgumentException(
          "setting "
              + setting
              + " must not be sensitive: secrets belong in the vault, see plinth.vault()");
    }
    Setting<?> known = byName.putIfAbsent(setting.name(), setting);
    if (known != null && known.valueClass() != setting.valueClass()) {
      throw new IllegalArgumentException(
          "setting "
              + setting
              + " must have the type that it has elsewhere in this host, "
              + known.valueClass().getName());
    }
    return setting;
  }

  Collection<Setting<?>> all() {
    return List.copyOf(byName.values());
  }
}
