package dev.plinth.jobs.schedule;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import dev.plinth.jobs.internal.WindowTimes;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of certain days, such as office hours. It is due when it begins and when it ends, and
 * the job is told by its {@link Occurrence} which {@link Edge} that is, and what is wanted.
 *
 * <p>A local time that the clock skips counts as the moment after the gap, one that comes twice as
 * its first. Windows that touch on some day for that reason are one, and one that is nothing but
 * skipped time is left out.
 *
 * @param start local time at which it begins, whole minutes
 * @param end local time at which it ends, whole minutes; on the next day if earlier than start
 * @param days the days on which it begins, at least one
 * @param zone the zone of the local times
 * @param targetInstances how many instances are wanted during the window, or null
 * @param target what else is wanted, a JSON object in the host's words; or null
 */
public record Window(
    LocalTime start,
    LocalTime end,
    Set<DayOfWeek> days,
    ZoneId zone,
    @Nullable Integer targetInstances,
    @Nullable Json target)
    implements Timing {
  /** Checks the arguments. */
  public Window {
    requireMinutes(start, "start");
    requireMinutes(end, "end");
    Args.check(
        !start.equals(end), "end must differ from start, but both are " + start + ": 24 hours");
    Args.check(!Args.notNull(days, "days").isEmpty(), "days must name at least one day");
    days = Set.copyOf(days);
    Args.notNull(zone, "zone");
    Args.text(zone.getId(), 100, "zone");
    if (targetInstances != null) {
      Args.range(targetInstances, 0, Integer.MAX_VALUE, "targetInstances");
    }
    if (target != null) {
      target.requireObject("target");
    }
  }

  private static void requireMinutes(LocalTime time, String name) {
    Args.check(
        Args.notNull(time, name).truncatedTo(ChronoUnit.MINUTES).equals(time),
        name + " must be whole minutes, but is " + time);
  }

  /**
   * Every day between two local times, with no target.
   *
   * @param start as HH:MM
   * @param end as HH:MM
   * @param zone by its name, such as {@code Europe/Berlin}
   */
  public static Window daily(String start, String end, String zone) {
    return new Window(
        time(start, "start"),
        time(end, "end"),
        EnumSet.allOf(DayOfWeek.class),
        Zones.of(zone),
        null,
        null);
  }

  private static LocalTime time(String text, String name) {
    try {
      return LocalTime.parse(Args.text(text, 5, name));
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException(
          name + " must be a time of day as HH:MM, from 00:00 to 23:59", e);
    }
  }

  /** The same, beginning on these days only. */
  public Window on(DayOfWeek first, DayOfWeek... more) {
    return new Window(start, end, EnumSet.of(first, more), zone, targetInstances, target);
  }

  /** The same, with so many instances wanted. */
  public Window targetInstances(int instances) {
    return new Window(start, end, days, zone, instances, target);
  }

  /** The same, with something else wanted: a JSON object. */
  public Window target(Json target) {
    return new Window(start, end, days, zone, targetInstances, Args.notNull(target, "target"));
  }

  /** True from the beginning of such a window, included, to its end, not included. */
  public boolean isOpenAt(Instant time) {
    return new WindowTimes(this).openAt(Args.notNull(time, "time")).isPresent();
  }
}
