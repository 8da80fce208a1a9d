package dev.plinth.core.health;

import dev.plinth.core.spi.Args;
import java.util.regex.Pattern;

/**
 * One number that a module contributes, such as the age of the oldest job that is due.
 *
 * @param name the module's name and a word, such as {@code jobs.oldest_due}
 * @param value the number
 * @param unit what it counts, such as {@code seconds} or {@code keys}
 * @param status what the number means for the whole
 * @param advice what to do about it; empty when there is nothing to do
 */
public record HealthReading(
    String name, double value, String unit, HealthStatus status, String advice) {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)+");

  /** Checks the arguments. */
  public HealthReading {
    Args.notNull(unit, "unit");
    Args.notNull(status, "status");
    Args.bounded(advice, 1000, "advice");
    Args.matching(name, NAME, "lower-case words parted by dots, the first the module's", "name");
    Args.bounded(name, 100, "name");
    Args.text(unit, 30, "unit");
    Args.check(
        status == HealthStatus.UP || !advice.isBlank(),
        "advice must say what to do when the status is not UP");
  }

  /** A number that is as it may be. */
  public static HealthReading of(String name, double value, String unit) {
    return new HealthReading(name, value, unit, HealthStatus.UP, "");
  }
}
