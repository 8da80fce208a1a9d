package dev.plinth.core.internal.password;

import dev.plinth.core.spi.Args;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.function.Function;

/** A password on its way to be hashed: checked, in UTF-8, and wiped afterwards. */
final class PasswordBytes {
  private static final int MAX_LENGTH = 1_000;

  private PasswordBytes() {}

  /** Refuses what is no password, before any work; never quotes it. */
  static void require(CharSequence password, int minLength) {
    Args.notNull(password, "password");
    int length = password.length();
    Args.check(
        length >= minLength && length <= MAX_LENGTH,
        "password must have between " + minLength + " and " + MAX_LENGTH + " characters");
    for (int i = 0; i < length; i++) {
      char c = password.charAt(i);
      Args.check(c != 0, "password must not contain the character U+0000");
      boolean pair =
          Character.isHighSurrogate(c)
              && i + 1 < length
              && Character.isLowSurrogate(password.charAt(i + 1));
      Args.check(
          pair || !Character.isSurrogate(c),
          "password must not contain half of a surrogate pair, which UTF-8 cannot represent");
      if (pair) {
        i++;
      }
    }
  }

  /** What becomes of the password in NFC; the bytes are gone afterwards. */
  static <T> T apply(CharSequence password, Function<byte[], T> work) {
    return applyAsTyped(
        isNormalised(password) ? password : Normalizer.normalize(password, Normalizer.Form.NFC),
        work);
  }

  /** What becomes of the password as it stands; the bytes are gone afterwards. */
  static <T> T applyAsTyped(CharSequence password, Function<byte[], T> work) {
    byte[] bytes = utf8(password);
    try {
      return work.apply(bytes);
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  static boolean isNormalised(CharSequence password) {
    return Normalizer.isNormalized(password, Normalizer.Form.NFC);
  }

  private static byte[] utf8(CharSequence password) {
    try {
      ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(password));
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      encoded.clear();
      while (encoded.hasRemaining()) {
        encoded.put((byte) 0);
      }
      return bytes;
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("password must be text that UTF-8 can represent", e);
    }
  }
}
