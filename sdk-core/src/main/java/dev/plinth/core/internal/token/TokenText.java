package dev.plinth.core.internal.token;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * The text of a token: a prefix, an underscore, 30 random characters of base62 (178 bits), and the
 * CRC-32 of all before it in 6 more. The checksum is no secret: it tells a slip of the pen and a
 * blind guess from a token without asking the database, and lets scanners find leaked ones.
 */
public final class TokenText {
  /** How many characters follow the prefix's underscore. */
  static final int TAIL = 36;

  private static final int RANDOM = 30;
  private static final int CHECKSUM = 6;
  private static final int MAX_PREFIX = 32;
  private static final int MIN_LENGTH = 1 + 1 + TAIL;
  private static final int MAX_LENGTH = MAX_PREFIX + 1 + TAIL;
  private static final String ALPHABET =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  private static final int BASE = ALPHABET.length();
  private static final byte[] DIGITS = digits();

  private TokenText() {}

  /** A new token. Each character is drawn evenly, so none of the 178 bits is lost. */
  public static String mint(String prefix, SecureRandom random) {
    StringBuilder text = new StringBuilder(MAX_LENGTH).append(prefix).append('_');
    for (int i = 0; i < RANDOM; i++) {
      text.append(ALPHABET.charAt(random.nextInt(BASE)));
    }
    long rest = checksum(text.toString(), text.length());
    char[] tail = new char[CHECKSUM];
    for (int i = CHECKSUM - 1; i >= 0; i--) {
      tail[i] = ALPHABET.charAt((int) (rest % BASE));
      rest /= BASE;
    }
    return text.append(tail).toString();
  }

  /** True when the text could be a token: right length, right characters, right checksum. */
  public static boolean isWellFormed(String text) {
    int length = text.length();
    if (length < MIN_LENGTH || length > MAX_LENGTH || text.charAt(length - TAIL - 1) != '_') {
      return false;
    }
    for (int i = 0; i < length - TAIL - 1; i++) {
      if (text.charAt(i) != '_' && digit(text.charAt(i)) < 0) {
        return false;
      }
    }
    long told = 0;
    for (int i = length - TAIL; i < length; i++) {
      int digit = digit(text.charAt(i));
      if (digit < 0) {
        return false;
      }
      told = i < length - CHECKSUM ? 0 : told * BASE + digit;
    }
    return told == checksum(text, length - CHECKSUM);
  }

  /** The prefix and four characters more: enough to recognise a token, too little to guess it. */
  public static String hint(String text) {
    return text.substring(0, text.length() - TAIL + 4);
  }

  /** The prefix in a hint. */
  public static String prefix(String hint) {
    return hint.substring(0, hint.length() - 4 - 1);
  }

  /** Of the beginning of a text that is ASCII; all bytes at once, which processors are good at. */
  private static long checksum(String text, int end) {
    CRC32 crc = new CRC32();
    crc.update(text.getBytes(StandardCharsets.US_ASCII), 0, end);
    return crc.getValue();
  }

  private static int digit(char c) {
    return c < DIGITS.length ? DIGITS[c] : -1;
  }

  private static byte[] digits() {
    byte[] digits = new byte[128];
    Arrays.fill(digits, (byte) -1);
    for (int i = 0; i < BASE; i++) {
      digits[ALPHABET.charAt(i)] = (byte) i;
    }
    return digits;
  }
}
