package dev.plinth.core.apikey;

import java.util.UUID;

/** What became of the wish to rotate a key. */
public sealed interface Rotation {
  /**
   * The key has a successor.
   *
   * @param issued the new key, with its text
   */
  record Rotated(IssuedKey issued) implements Rotation {}

  /**
   * Somebody rotated it before, perhaps at the same moment. If that one's text was lost, rotate the
   * successor.
   *
   * @param successor the key that replaces it
   */
  record AlreadyRotated(UUID successor) implements Rotation {}

  /** There is no such key in this tenant, or it is revoked or expired: issue another. */
  record NotUsable() implements Rotation {}
}
