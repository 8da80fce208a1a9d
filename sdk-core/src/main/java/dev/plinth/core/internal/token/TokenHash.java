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
  /** Never fed, only cloned: asking the providers for one takes as long as the hash. */
  private static final MessageDigest SHA_256 = sha256();

  private final byte[] bytes;

  private TokenHash(byte[] bytes) {
    this.bytes = bytes;
  }

  /** That of a token. */
  public static TokenHash ofText(String text) {
    return new TokenHash(digest().digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static MessageDigest digest() {
    try {
      return (MessageDigest) SHA_256.clone();
    } catch (CloneNotSupportedException e) {
      return sha256(); // as from a provider whose digests live in hardware
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
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
