package dev.plinth.audit.internal;

import dev.plinth.audit.Actor;
import dev.plinth.core.spi.Args;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An actor as its columns hold it. */
record ActorColumns(
    String type,
    @Nullable UUID id,
    @Nullable String name,
    @Nullable String email,
    @Nullable String role,
    @Nullable UUID onBehalfOf) {

  static ActorColumns of(Actor actor) {
    if (actor instanceof Actor.User user) {
      return new ActorColumns(
          "user", user.id(), null, user.email(), user.role(), user.onBehalfOf());
    }
    if (actor instanceof Actor.ApiKey key) {
      return new ActorColumns("api_key", key.id(), key.name(), null, null, key.onBehalfOf());
    }
    Actor.SystemActor part = (Actor.SystemActor) actor;
    return new ActorColumns("system", null, part.name(), null, null, part.onBehalfOf());
  }

  Actor actor() {
    return switch (type) {
      case "user" -> new Actor.User(Args.notNull(id, "actor_id"), email, role, onBehalfOf);
      case "api_key" -> new Actor.ApiKey(Args.notNull(id, "actor_id"), name, onBehalfOf);
      case "system" -> new Actor.SystemActor(Args.notNull(name, "actor_name"), onBehalfOf);
      default -> throw new IllegalStateException("actor_type holds an unknown kind: " + type);
    };
  }
}
