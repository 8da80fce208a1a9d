package dev.plinth.core.apikey;

import dev.plinth.core.spi.Args;

/**
 * A key that has just been issued, with its text: the only time that it can be seen. Not a record,
 * so that no {@code toString}, {@code equals} or serialiser gets at the secret by itself.
 * Immutable.
 */
public final class IssuedKey {
  private final ApiKey key;
  private final String secret;

  /** A key and its text. */
  public IssuedKey(ApiKey key, String secret) {
    this.key = Args.notNull(key, "key");
    this.secret = Args.notNull(secret, "secret");
  }

  /** The row, without the secret. */
  public ApiKey key() {
    return key;
  }

  /** The key itself. Show it to its owner and keep it nowhere. */
  public String reveal() {
    return secret;
  }

  @Override
  public String toString() {
    return "IssuedKey[" + key.id() + ", " + key.prefix() + "…]";
  }
}
