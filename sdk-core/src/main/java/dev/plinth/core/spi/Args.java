package dev.plinth.core.spi;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Checks of arguments at the public edge. Each throws an {@link IllegalArgumentException} that
 * names the argument and says what would be accepted, and never repeats the value, which may be a
 * secret.
 */
public final class Args {
  private Args() {}

  /** The value, if it is not null. */
  public static <T> T notNull(@Nullable T value, String name) {
    if (value == null) {
      throw new IllegalArgumentException(name + " must not be null");
    }
    return value;
  }

  /** The text, if it is not null, not blank, at most {@code max} characters and without NUL. */
  public static String text(@Nullable String value, int max, String name) {
    if (notNull(value, name).isBlank()) {
      throw new IllegalArgumentException(name + " must not be blank");
    }
    return bounded(value, max, name);
  }

  /**
   * The text, which may be empty but not null, of at most {@code max} characters, without NUL and
   * half surrogate pairs.
   */
  public static String bounded(@Nullable String value, int max, String name) {
    String given = notNull(value, name);
    if (given.length() > max) {
      throw new IllegalArgumentException(
          name + " must have at most " + max + " characters, but has " + given.length());
    }
    if (given.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          name + " must not contain the character U+0000, which PostgreSQL cannot store");
    }
    if (hasLoneSurrogate(given)) {
      throw new IllegalArgumentException(
          name + " must not contain half of a surrogate pair, which UTF-8 cannot represent");
    }
    return given;
  }

  /** The text, if it matches; {@code expected} says in words what does. */
  public static String matching(
      @Nullable String value, Pattern pattern, String expected, String name) {
    String given = notNull(value, name);
    if (!pattern.matcher(given).matches()) {
      throw new IllegalArgumentException(name + " must be " + expected);
    }
    return given;
  }

  /** The text, if it takes at most {@code max} bytes in UTF-8. */
  public static String utf8(@Nullable String value, int max, String name) {
    String given = notNull(value, name);
    int bytes = given.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > max) {
      throw new IllegalArgumentException(
          name + " must have at most " + max + " bytes in UTF-8, but has " + bytes);
    }
    return given;
  }

  /** The number, if it lies between {@code min} and {@code max}, both included. */
  public static int range(int value, int min, int max, String name) {
    return (int) range((long) value, min, max, name);
  }

  /** The number, if it lies between {@code min} and {@code max}, both included. */
  public static long range(long value, long min, long max, String name) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          name + " must be between " + min + " and " + max + ", but is " + value);
    }
    return value;
  }

  /** The duration, if it is longer than zero. */
  public static Duration positive(@Nullable Duration value, String name) {
    Duration given = notNull(value, name);
    if (given.isZero() || given.isNegative()) {
      throw new IllegalArgumentException(name + " must be longer than zero, but is " + given);
    }
    return given;
  }

  /**
   * True when the text holds half of a surrogate pair, which would silently become a question mark.
   */
  public static boolean hasLoneSurrogate(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return true;
      }
    }
    return false;
  }

  /** Throws unless the condition holds; {@code message} starts with the argument's name. */
  public static void check(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}
