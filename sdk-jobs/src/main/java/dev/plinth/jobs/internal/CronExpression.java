package dev.plinth.jobs.internal;

import com.cronutils.model.Cron;
import com.cronutils.model.definition.CronDefinition;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A cron expression, and the local times that it matches. The library that parses it is only ever
 * asked about times in UTC: what clocks that change make of local times is decided by {@link
 * CronTimes}. Immutable.
 */
public final class CronExpression {
  private static final LocalDateTime SOME_LEAP_YEAR = LocalDateTime.of(2024, 1, 1, 0, 0);
  private static final int MONTHS_TRIED = 60;

  private static final CronDefinition DEFINITION =
      CronDefinitionBuilder.defineCron()
          .withMinutes()
          .withStrictRange()
          .and()
          .withHours()
          .withStrictRange()
          .and()
          .withDayOfMonth()
          .supportsL()
          .supportsW()
          .supportsLW()
          .withStrictRange()
          .and()
          .withMonth()
          .withStrictRange()
          .and()
          .withDayOfWeek()
          .withValidRange(0, 7)
          .withMondayDoWValue(1)
          .withIntMapping(7, 0)
          .supportsHash()
          .supportsL()
          .withStrictRange()
          .and()
          .withSupportedNicknameHourly()
          .withSupportedNicknameDaily()
          .withSupportedNicknameMidnight()
          .withSupportedNicknameWeekly()
          .withSupportedNicknameMonthly()
          .withSupportedNicknameYearly()
          .withSupportedNicknameAnnually()
          .instance();

  private final ExecutionTime times;
  private final boolean followsTheClock;

  private CronExpression(ExecutionTime times, boolean followsTheClock) {
    this.times = times;
    this.followsTheClock = followsTheClock;
  }

  /**
   * Parses one.
   *
   * @throws IllegalArgumentException when it is not understood, or matches no date
   */
  public static CronExpression parse(String expression) {
    Cron cron;
    try {
      cron = new CronParser(DEFINITION).parse(inItsCase(expression));
    } catch (IllegalArgumentException e) {
      throw refused("is not one: " + e.getMessage(), e);
    }
    String[] fields = cron.asString().split(" ", -1);
    CronExpression parsed =
        new CronExpression(
            ExecutionTime.forCron(cron), fields[0].startsWith("*") || fields[1].startsWith("*"));
    boolean special = fields[2].matches(".*[LW].*") || fields[4].matches(".*[L#].*");
    parsed.requireThatItComes(special ? MONTHS_TRIED : 0);
    return parsed;
  }

  /** The library would leave it to the default locale, and a Turkish one knows no FRI. */
  private static String inItsCase(String expression) {
    return expression.startsWith("@")
        ? expression.toLowerCase(Locale.ROOT)
        : expression.toUpperCase(Locale.ROOT);
  }

  /** Also finds out what the library takes for well formed, and then cannot compute. */
  private void requireThatItComes(int monthsTried) {
    boolean comes;
    try {
      comes = find(SOME_LEAP_YEAR).isPresent();
      for (int month = 0; comes && month < monthsTried; month++) {
        comes = find(SOME_LEAP_YEAR.plusMonths(month).minusSeconds(1)).isPresent();
      }
    } catch (RuntimeException e) {
      throw refused("cannot be computed: " + e.getMessage(), e);
    }
    if (!comes) {
      throw refused("matches no date", null);
    }
  }

  private static IllegalArgumentException refused(String why, @Nullable Exception cause) {
    return new IllegalArgumentException(
        "expression must be a cron expression of five fields (minute hour day-of-month month"
            + " day-of-week), such as 30 2 * * MON-FRI, or a nickname such as @daily; this "
            + why,
        cause);
  }

  /**
   * True when its minute or hour begins with a star: it then goes by the clock as it is shown,
   * rather than naming times that each must come once.
   */
  boolean followsTheClock() {
    return followsTheClock;
  }

  /** The first local time it matches that is later than a given one. */
  LocalDateTime after(LocalDateTime time) {
    return find(time)
        .orElseThrow(() -> new IllegalStateException("The expression has no time after " + time));
  }

  private Optional<LocalDateTime> find(LocalDateTime time) {
    ZonedDateTime given = time.truncatedTo(ChronoUnit.SECONDS).atZone(ZoneOffset.UTC);
    return times.nextExecution(given).map(ZonedDateTime::toLocalDateTime);
  }
}
