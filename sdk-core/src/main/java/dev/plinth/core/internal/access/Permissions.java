package dev.plinth.core.internal.access;

import java.util.HashSet;
import java.util.Set;

/**
 * What somebody may do. Immutable, and equal when it is the same, so that all users of the same
 * roles share one.
 *
 * @param everything true for a superuser
 * @param exact permissions by their full names
 * @param prefixes what wildcards permit, such as {@code node.}
 */
record Permissions(boolean everything, Set<String> exact, Set<String> prefixes) {
  static final Permissions NONE = new Permissions(false, Set.of(), Set.of());

  static Permissions of(boolean everything, String[] patterns) {
    Set<String> exact = new HashSet<>();
    Set<String> prefixes = new HashSet<>();
    for (String pattern : patterns) {
      if (pattern.endsWith("*")) {
        prefixes.add(pattern.substring(0, pattern.length() - 1));
      } else {
        exact.add(pattern);
      }
    }
    return new Permissions(everything, Set.copyOf(exact), Set.copyOf(prefixes));
  }

  /** Takes any name; what is malformed is refused, even for a superuser. */
  boolean permit(String permission) {
    if (exact.contains(permission)) {
      return true;
    }
    Names.permission(permission);
    return everything || permitByPrefix(permission);
  }

  private boolean permitByPrefix(String permission) {
    if (prefixes.isEmpty()) {
      return false;
    }
    for (int point = permission.indexOf('.'); point >= 0; ) {
      if (prefixes.contains(permission.substring(0, point + 1))) {
        return true;
      }
      point = permission.indexOf('.', point + 1);
    }
    return false;
  }
}
