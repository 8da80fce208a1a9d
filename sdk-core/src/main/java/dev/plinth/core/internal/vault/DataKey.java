package dev.plinth.core.internal.vault;

import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.SecretKey;

/**
 * An unwrapped data key, with the count of values that this process has encrypted under it and not
 * yet reported. Not a record, whose toString would reach for the key.
 */
final class DataKey {
  private final UUID id;
  private final SecretKey key;
  private final AtomicLong unreported = new AtomicLong();

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

  AtomicLong unreported() {
    return unreported;
  }

  @Override
  public String toString() {
    return "DataKey[" + id + "]";
  }
}
