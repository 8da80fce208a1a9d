package dev.plinth.core.config;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A setting was set or given back its default, through {@link Configuration}.
 *
 * @param name which one
 * @param version its version after the change, by which its history tells more
 * @param by the user who changed it, or null
 */
public record SettingChanged(String name, long version, @Nullable UUID by) implements PlinthEvent {
  @Override
  public Fact fact() {
    return new Fact(
        "setting.changed",
        by,
        "setting",
        name,
        Fact.Outcome.SUCCEEDED,
        Json.object(Map.of("version", version)));
  }
}
