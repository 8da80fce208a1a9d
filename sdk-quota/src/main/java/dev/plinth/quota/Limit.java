package dev.plinth.quota;

import dev.plinth.core.spi.Args;
import dev.plinth.quota.internal.Micros;
import java.math.BigDecimal;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A limit that every user has. Immutable.
 *
 * @param name what charges call it and tables hold: a lower-case letter, then at most 62 letters,
 *     digits or {@code _}
 * @param cap the most a user may use unless given another cap, in the limit's unit: zero or more,
 *     with at most six decimal places
 * @param unit the unit for people, such as {@code MB}; may be empty
 * @param window how long what was charged counts
 */
public record Limit(String name, BigDecimal cap, String unit, Window window) {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,62}");

  /** Checks the arguments. */
  public Limit {
    Args.matching(name, NAME, "a lower-case letter, then at most 62 of a-z, 0-9 and _", "name");
    cap = Micros.toUnits(Micros.ofCap(cap, "cap"));
    Args.bounded(unit, 50, "unit");
    Args.notNull(window, "window");
  }

  /** A limit without a unit's name. */
  public static Limit of(String name, long cap, Window window) {
    return new Limit(name, BigDecimal.valueOf(cap), "", window);
  }

  /** The same with another cap. */
  public Limit withCap(long cap) {
    return new Limit(name, BigDecimal.valueOf(cap), unit, window);
  }

  /** The same with another window. */
  public Limit withWindow(Window window) {
    return new Limit(name, cap, unit, window);
  }

  /** The same with a unit for people. */
  public Limit withUnit(String unit) {
    return new Limit(name, cap, unit, window);
  }

  /**
   * The default catalogue: {@code files}, {@code cpu_seconds}, {@code memory_mb}, {@code req_hour},
   * {@code req_day}, {@code storage_mb} and {@code files_max}, as {@code docs/quota.md} describes
   * them.
   */
  public static List<Limit> defaults() {
    return List.of(
        of("files", 10_000, Window.perMonth()).withUnit("files"),
        of("cpu_seconds", 36_000, Window.perMonth()).withUnit("s"),
        of("memory_mb", 8_192, Window.gauge()).withUnit("MB"),
        of("req_hour", 1_000, Window.perHour()).withUnit("requests"),
        of("req_day", 10_000, Window.perDay()).withUnit("requests"),
        of("storage_mb", 5_000, Window.gauge()).withUnit("MB"),
        of("files_max", 10_000, Window.gauge()).withUnit("files"));
  }
}
