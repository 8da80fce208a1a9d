package dev.plinth.core.internal.access;

import dev.plinth.core.spi.Args;
import org.jspecify.annotations.Nullable;

/** What roles and permissions may be called. */
final class Names {
  private static final int LONGEST_PERMISSION = 100;
  private static final String WILDCARD = ".*";

  private Names() {}

  static String role(@Nullable String given, String argument) {
    String name = Args.text(given, 50, argument);
    Args.check(
        name.equals(name.strip()) && name.chars().noneMatch(Character::isISOControl),
        argument + " must neither begin nor end with a blank, nor contain control characters");
    return name;
  }

  /** A permission as it is asked for. By hand: this is done for every answer from memory. */
  static String permission(@Nullable String given) {
    String name = Args.notNull(given, "permission");
    if (!isPermission(name, name.length())) {
      throw new IllegalArgumentException(
          "permission must be a name such as node.delete: at most 100 letters, digits, _ and -, in"
              + " parts joined by points");
    }
    return name;
  }

  /** A permission as it is given to a role, perhaps with a wildcard at its end. */
  static String pattern(@Nullable String given) {
    String name = Args.notNull(given, "permission");
    int end = name.endsWith(WILDCARD) ? name.length() - WILDCARD.length() : name.length();
    if (name.length() > LONGEST_PERMISSION || !isPermission(name, end)) {
      throw new IllegalArgumentException(
          "permission must be a name such as node.delete, or one such as node.* for all that begins"
              + " with node.: at most 100 letters, digits, _ and -, in parts joined by points");
    }
    return name;
  }

  private static boolean isPermission(String name, int end) {
    if (end == 0 || end > LONGEST_PERMISSION) {
      return false;
    }
    boolean begins = true;
    for (int i = 0; i < end; i++) {
      char c = name.charAt(i);
      if (c == '.') {
        if (begins) {
          return false;
        }
        begins = true;
      } else if (isLetter(c)) {
        begins = false;
      } else {
        return false;
      }
    }
    return !begins;
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '_'
        || c == '-';
  }
}
