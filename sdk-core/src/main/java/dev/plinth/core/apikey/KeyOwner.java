package dev.plinth.core.apikey;

import dev.plinth.core.spi.Args;
import java.util.Optional;
import java.util.UUID;

/**
 * Who acts with an API key. Nodes and services are the host's own names; Plinth keeps no table of
 * them, so a key of theirs is good until it expires or is revoked.
 *
 * @param kind what it is
 * @param id which one, at most 255 characters; for a user, its id as text
 */
public record KeyOwner(Kind kind, String id) {
  /** What can own a key. */
  public enum Kind {
    /** A row of {@code users}; its keys end with it. */
    USER,
    /** A machine of the host's. */
    NODE,
    /** A program of the host's or of somebody else. */
    SERVICE
  }

  /** Checks the arguments; a user's id is normalised to lower case. */
  public KeyOwner {
    Args.notNull(kind, "kind");
    Args.text(id, 255, "id");
    if (kind == Kind.USER) {
      id = uuid(id).toString();
    }
  }

  /** A user, by Plinth's id. */
  public static KeyOwner user(UUID userId) {
    return new KeyOwner(Kind.USER, Args.notNull(userId, "userId").toString());
  }

  /** A node, by the host's name for it. */
  public static KeyOwner node(String name) {
    return new KeyOwner(Kind.NODE, Args.text(name, 255, "name"));
  }

  /** A service, by the host's name for it. */
  public static KeyOwner service(String name) {
    return new KeyOwner(Kind.SERVICE, Args.text(name, 255, "name"));
  }

  /** The user's id; empty for nodes and services. */
  public Optional<UUID> userId() {
    return kind == Kind.USER ? Optional.of(UUID.fromString(id)) : Optional.empty();
  }

  private static UUID uuid(String text) {
    try {
      return UUID.fromString(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("id must be a UUID for the owner of kind USER", e);
    }
  }
}
