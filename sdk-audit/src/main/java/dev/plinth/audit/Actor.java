package dev.plinth.audit;

import dev.plinth.core.spi.Args;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Who did it, as known at the time: the trail keeps what it was told and never looks anything up
 * later. No secret belongs here; an API key is named by its id.
 */
public sealed interface Actor {
  /** The user for whom it was done, when that was another than the actor; or null. */
  @Nullable UUID onBehalfOf();

  /** The same, acting for this user. */
  Actor onBehalfOf(UUID user);

  /** A user of whom only the id is recorded. */
  static User user(UUID id) {
    return new User(id, null, null, null);
  }

  /** A user with the address and the role it has now. */
  static User of(dev.plinth.core.identity.User user) {
    Args.notNull(user, "user");
    return new User(user.id(), user.email(), user.role(), null);
  }

  /** An API key, by its id. */
  static ApiKey apiKey(UUID id) {
    return new ApiKey(id, null, null);
  }

  /** A part of the system that acts by itself, such as {@code nightly-billing}. */
  static SystemActor system(String name) {
    return new SystemActor(name, null);
  }

  /**
   * A person.
   *
   * @param id the user's id
   * @param email the user's address at the time, or null
   * @param role the user's role at the time, or null
   * @param onBehalfOf the user for whom this one acted, or null
   */
  record User(UUID id, @Nullable String email, @Nullable String role, @Nullable UUID onBehalfOf)
      implements Actor {
    /** Checks the arguments. */
    public User {
      Args.notNull(id, "actor");
      if (email != null) {
        Args.bounded(email, 320, "actor: email");
      }
      if (role != null) {
        Args.bounded(role, 100, "actor: role");
      }
    }

    @Override
    public User onBehalfOf(UUID user) {
      return new User(id, email, role, Args.notNull(user, "onBehalfOf"));
    }
  }

  /**
   * A program that showed an API key.
   *
   * @param id the key's id, never the key
   * @param name the key's name at the time, or null
   * @param onBehalfOf the user for whom the key acted, or null
   */
  record ApiKey(UUID id, @Nullable String name, @Nullable UUID onBehalfOf) implements Actor {
    /** Checks the arguments. */
    public ApiKey {
      Args.notNull(id, "actor");
      if (name != null) {
        Args.bounded(name, 255, "actor: name");
      }
    }

    @Override
    public ApiKey onBehalfOf(UUID user) {
      return new ApiKey(id, name, Args.notNull(user, "onBehalfOf"));
    }
  }

  /**
   * A part of the system.
   *
   * @param name which part
   * @param onBehalfOf the user for whom it acted, or null
   */
  record SystemActor(String name, @Nullable UUID onBehalfOf) implements Actor {
    /** Checks the arguments. */
    public SystemActor {
      Args.text(name, 255, "actor: name");
    }

    @Override
    public SystemActor onBehalfOf(UUID user) {
      return new SystemActor(name, Args.notNull(user, "onBehalfOf"));
    }
  }
}
