package dev.plinth.jobs.schedule;

import dev.plinth.core.spi.Args;
import dev.plinth.jobs.internal.CronExpression;
import java.time.ZoneId;

/**
 * Due at the local times that a cron expression matches. It has five fields: minute (0-59), hour
 * (0-23), day of month (1-31), month (1-12 or JAN-DEC) and day of week (0-7 or SUN-SAT; 0 and 7 are
 * Sunday), each with {@code *}, lists, ranges and steps; where both days are restricted, either
 * suffices. {@code L} is the last day of the month, {@code LW} its last weekday, {@code 15W} the
 * weekday nearest to the 15th, {@code 5L} the last Friday, {@code 5#2} the second Friday. The
 * nicknames {@code @hourly}, {@code @daily}, {@code @midnight}, {@code @weekly}, {@code @monthly},
 * {@code @yearly} and {@code @annually} are understood.
 *
 * <p>When clocks change, it does as Vixie cron does. An expression that names its times (neither
 * minute nor hour begins with {@code *}) runs once for each: those that the clock skips are due
 * together, once, at the moment after the gap, and those that come twice only the first time. One
 * whose minute or hour begins with {@code *} follows the clock as it is shown: what is skipped is
 * not made up for, and what comes twice is due twice, so that <code>*&#47;5 * * * *</code> goes on
 * every five minutes.
 *
 * @param expression the expression, at most 255 characters
 * @param zone the zone of the local times
 */
public record Cron(String expression, ZoneId zone) implements Timing {
  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException also when the expression is not understood or matches no date
   */
  public Cron {
    expression = Args.text(expression, 255, "expression").strip();
    CronExpression.parse(expression);
    Args.notNull(zone, "zone");
    Args.text(zone.getId(), 100, "zone");
  }

  /** As the constructor, with a zone by its name, such as {@code Europe/Berlin}. */
  public static Cron of(String expression, String zone) {
    return new Cron(expression, Zones.of(zone));
  }
}
