package dev.plinth.core.internal.token;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * SHA-256 of a token's text: what the database keeps. The text is random enough that the hash needs
 * no salt. Equality takes the same time wherever two hashes differ.
 */
public final class TokenHash {
  private final byte[] bytes;

  private TokenHash(byte[] bytes) {
    this.bytes = bytes;
  }

  /** That of a token. */
  public static TokenHash ofText(String text) {
    try {
      return new TokenHash(
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }

  /** One that was read; takes over the array. */
  public static TokenHash ofBytes(byte[] bytes) {
    return new TokenHash(bytes);
  }

  /** For a statement, which must not change it. */
  public byte[] bytes() {
    return bytes;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TokenHash that && MessageDigest.isEqual(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return ByteBuffer.wrap(bytes).getInt();
  }

  @Override
  public String toString() {
    return "TokenHash";
  }
}
