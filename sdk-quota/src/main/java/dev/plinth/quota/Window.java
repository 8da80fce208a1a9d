package dev.plinth.quota;

import dev.plinth.core.spi.Args;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * How long what was charged counts against a limit. Immutable.
 *
 * <p>The database's clock decides which window a charge falls into; should it go back, the window
 * already begun goes on, so that nobody gets the same allowance twice.
 */
public sealed interface Window {
  /** What is there now: it counts until it is released, as stored megabytes do. */
  static Window gauge() {
    return new Gauge();
  }

  /** Calendar hours in UTC. */
  static Window perHour() {
    return perHour(ZoneOffset.UTC);
  }

  /** Calendar hours of a time zone; they differ from UTC's only where its offset has minutes. */
  static Window perHour(ZoneId zone) {
    return new Calendar(Unit.HOUR, zone);
  }

  /** Calendar days in UTC. */
  static Window perDay() {
    return perDay(ZoneOffset.UTC);
  }

  /** Calendar days of a time zone, 23 or 25 hours long when its clocks change. */
  static Window perDay(ZoneId zone) {
    return new Calendar(Unit.DAY, zone);
  }

  /** Calendar months in UTC. */
  static Window perMonth() {
    return perMonth(ZoneOffset.UTC);
  }

  /** Calendar months of a time zone. */
  static Window perMonth(ZoneId zone) {
    return new Calendar(Unit.MONTH, zone);
  }

  /** In words, such as {@code per hour (UTC)}. */
  String describe();

  /** No window: a level that rises and falls. */
  record Gauge() implements Window {
    @Override
    public String describe() {
      return "at one time";
    }
  }

  /**
   * A counter that begins at zero with each window.
   *
   * @param unit the length of a window
   * @param zone whose midnights and months they are: UTC, or a region of the IANA time zone
   *     database that the PostgreSQL server knows too; offsets such as {@code +02:00} are refused,
   *     since PostgreSQL reads their sign the other way round
   */
  record Calendar(Unit unit, ZoneId zone) implements Window {
    private static final Pattern REGION = Pattern.compile("UTC|[A-Za-z_]+(/[A-Za-z0-9_+-]+)+");

    /** Checks the arguments. */
    public Calendar {
      Args.notNull(unit, "unit");
      Args.notNull(zone, "zone");
      zone = zone.equals(ZoneOffset.UTC) ? ZoneId.of("UTC") : zone;
      Args.matching(zone.getId(), REGION, "UTC or an IANA region such as Europe/Paris", "zone");
    }

    @Override
    public String describe() {
      return "per " + unit.name().toLowerCase(Locale.ROOT) + " (" + zone.getId() + ")";
    }
  }

  /** The lengths of calendar windows. */
  enum Unit {
    /** From one full hour to the next. */
    HOUR,
    /** From midnight to midnight. */
    DAY,
    /** From the first of a month to the first of the next. */
    MONTH
  }
}
