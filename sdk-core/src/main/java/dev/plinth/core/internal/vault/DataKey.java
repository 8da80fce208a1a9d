package dev.plinth.core.internal.vault;

import java.util.UUID;
import javax.crypto.SecretKey;

/** An unwrapped data key. Not a record, whose toString would reach for the key. */
final class DataKey {
  private final UUID id;
  private final SecretKey key;

  DataKey(UUID id, SecretKey key) {
    this.id = id;
    this.key = key;
  }

  UUID id() {
    return id;
  }

  SecretKey key() {
    return key;
  }

  @Override
  public String toString() {
    return "DataKey[" + id + "]";
  }
}
