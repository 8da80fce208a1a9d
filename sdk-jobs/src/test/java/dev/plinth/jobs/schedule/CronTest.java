package dev.plinth.jobs.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CronTest {
  /** The due times of a local day, with their offsets. */
  private static List<String> dueOn(String day, String expression, String zone) {
    ZoneId id = ZoneId.of(zone);
    Instant from = LocalDate.parse(day).atStartOfDay(id).toInstant();
    Instant to = LocalDate.parse(day).plusDays(1).atStartOfDay(id).toInstant();
    return Cron.of(expression, zone).next(from.minusMillis(1), 400).stream()
        .filter(due -> due.isBefore(to))
        .map(due -> due.atZone(id).toOffsetDateTime().toString().substring(11))
        .toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # clocks go forward: what is skipped is due once, at the first moment after the gap
          2026-03-29 | 30 2 * * *       | Europe/Berlin       | 03:00+02:00
          2026-03-29 | 0 2 * * *        | Europe/Berlin       | 03:00+02:00
          2026-03-29 | 10,20,30 2 * * * | Europe/Berlin       | 03:00+02:00
          2026-03-29 | 30 2,3 * * *     | Europe/Berlin       | 03:00+02:00 03:30+02:00
          2026-03-29 | 0 2,3 * * *      | Europe/Berlin       | 03:00+02:00
          2026-03-29 | 59 1 * * *       | Europe/Berlin       | 01:59+01:00
          2026-03-08 | 30 2 * * *       | America/New_York    | 03:00-04:00
          2026-10-04 | 15 2 * * *       | Australia/Lord_Howe | 02:30+11:00
          2026-10-04 | 0 2 * * *        | Australia/Lord_Howe | 02:30+11:00
          2026-10-04 | 30 2 * * *       | Australia/Lord_Howe | 02:30+11:00
          # and back: what comes twice is due the first time only
          2026-10-25 | 30 2 * * *       | Europe/Berlin       | 02:30+02:00
          2026-10-25 | 0 2 * * *        | Europe/Berlin       | 02:00+02:00
          2026-10-25 | 0 3 * * *        | Europe/Berlin       | 03:00+01:00
          2026-10-25 | 30 1,2,3 * * *   | Europe/Berlin       | 01:30+02:00 02:30+02:00 03:30+01:00
          2026-11-01 | 30 1 * * *       | America/New_York    | 01:30-04:00
          2026-04-05 | 45 1 * * *       | Australia/Lord_Howe | 01:45+11:00
          2026-04-05 | 0 2 * * *        | Australia/Lord_Howe | 02:00+10:30
          # by the clock as it is shown: nothing is made up for, what comes twice is due twice
          2026-03-29 | 0 */2 * * *      | Europe/Berlin       | 00:00+01:00 04:00+02:00 06:00+02:00 08:00+02:00 10:00+02:00 12:00+02:00 14:00+02:00 16:00+02:00 18:00+02:00 20:00+02:00 22:00+02:00
          2026-03-29 | */30 2 * * *     | Europe/Berlin       |
          2026-10-25 | */30 2 * * *     | Europe/Berlin       | 02:00+02:00 02:30+02:00 02:00+01:00 02:30+01:00
          2026-11-01 | */30 1 * * *     | America/New_York    | 01:00-04:00 01:30-04:00 01:00-05:00 01:30-05:00
          2026-04-05 | */15 1 * * *     | Australia/Lord_Howe | 01:00+11:00 01:15+11:00 01:30+11:00 01:45+11:00 01:30+10:30 01:45+10:30
          2026-10-04 | */15 2 * * *     | Australia/Lord_Howe | 02:30+11:00 02:45+11:00
          # a day that was skipped as a whole
          2011-12-31 | 30 12 * * *      | Pacific/Apia        | 00:00+14:00 12:30+14:00
          """)
  void clocksChange_asVixieCronDoes(String day, String expression, String zone, String due) {
    assertThat(dueOn(day, expression, zone))
        .containsExactly(due == null ? new String[0] : due.split(" "));
  }

  @ParameterizedTest
  @CsvSource({
    "2026-03-29,Europe/Berlin,23",
    "2026-10-25,Europe/Berlin,25",
    "2026-03-08,America/New_York,23",
    "2026-11-01,America/New_York,25",
    "2026-03-30,Europe/Berlin,24"
  })
  void everyFiveMinutes_goesOnByElapsedTime(String day, String zone, int hours) {
    List<Instant> due =
        Cron.of("*/5 * * * *", zone)
            .next(
                LocalDate.parse(day).atStartOfDay(ZoneId.of(zone)).toInstant().minusMillis(1),
                hours * 12 + 1);

    for (int i = 1; i < due.size(); i++) {
      assertThat(Duration.between(due.get(i - 1), due.get(i))).isEqualTo(Duration.ofMinutes(5));
    }
    assertThat(due.get(hours * 12))
        .isEqualTo(LocalDate.parse(day).plusDays(1).atStartOfDay(ZoneId.of(zone)).toInstant());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0 9 * * MON-FRI | 2026-05-01T09:00:00Z 2026-05-04T09:00:00Z 2026-05-05T09:00:00Z
          0 0 13 * 5      | 2026-05-01T00:00:00Z 2026-05-08T00:00:00Z 2026-05-13T00:00:00Z
          0 0 * * 7       | 2026-05-03T00:00:00Z 2026-05-10T00:00:00Z 2026-05-17T00:00:00Z
          0 0 * * 0       | 2026-05-03T00:00:00Z 2026-05-10T00:00:00Z 2026-05-17T00:00:00Z
          0 0 29 2 *      | 2028-02-29T00:00:00Z 2032-02-29T00:00:00Z 2036-02-29T00:00:00Z
          0 0 L * *       | 2026-05-31T00:00:00Z 2026-06-30T00:00:00Z 2026-07-31T00:00:00Z
          0 0 15W * *     | 2026-05-15T00:00:00Z 2026-06-15T00:00:00Z 2026-07-15T00:00:00Z
          0 0 LW * *      | 2026-05-29T00:00:00Z 2026-06-30T00:00:00Z 2026-07-31T00:00:00Z
          0 0 * * 5#2     | 2026-05-08T00:00:00Z 2026-06-12T00:00:00Z 2026-07-10T00:00:00Z
          0 0 * * 5L      | 2026-05-29T00:00:00Z 2026-06-26T00:00:00Z 2026-07-31T00:00:00Z
          5/20 8 * * *    | 2026-05-01T08:05:00Z 2026-05-01T08:25:00Z 2026-05-01T08:45:00Z
          @daily          | 2026-05-01T00:00:00Z 2026-05-02T00:00:00Z 2026-05-03T00:00:00Z
          @hourly         | 2026-05-01T00:00:00Z 2026-05-01T01:00:00Z 2026-05-01T02:00:00Z
          0 0 1 JAN *     | 2027-01-01T00:00:00Z 2028-01-01T00:00:00Z 2029-01-01T00:00:00Z
          """)
  void expression_isUnderstood(String expression, String due) {
    assertThat(Cron.of(expression, "UTC").next(Instant.parse("2026-04-30T23:59:59.5Z"), 3))
        .map(Instant::toString)
        .containsExactly(due.split(" "));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 13 *",
        "* * * * 8",
        "*/0 * * * *",
        "a * * * *",
        "5-1 * * * *",
        "1,,2 * * * *",
        "-1 * * * *",
        "@reboot",
        "@never",
        "every day",
        "0 0 30 2 *",
        "0 0 31 4,6 *",
        "0 0 ? * *"
      })
  void expression_thatIsNone_saysWhatIsAccepted(String expression) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cron.of(expression, "UTC"))
        .withMessageStartingWith(
            "expression must be a cron expression of five fields (minute hour");
  }

  @Test
  void letters_inAnyCaseAndUnderAnyLocale() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("tr-TR"));
    try {
      assertThat(Cron.of("0 0 * * fri", "UTC").nextAfter(Instant.parse("2026-05-02T00:00:00Z")))
          .isEqualTo(Instant.parse("2026-05-08T00:00:00Z"));
      assertThat(Cron.of("@Daily", "UTC").nextAfter(Instant.parse("2026-05-02T00:00:00Z")))
          .isEqualTo(Instant.parse("2026-05-03T00:00:00Z"));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void badInput_namesTheArgument() {
    assertThatThrownBy(() -> Cron.of(" ", "UTC")).hasMessage("expression must not be blank");
    assertThatThrownBy(() -> Cron.of("0 " + "0,".repeat(200) + "0 * * *", "UTC"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expression must have at most 255 characters");
    assertThatThrownBy(() -> Cron.of("@daily", "Mars/Olympus"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("zone must be a time zone that this JVM knows");
    assertThatThrownBy(() -> Cron.of("@daily", "UTC").nextAfter(Instant.MAX))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("after must be from the year 1970 to 9998");
    assertThatThrownBy(() -> new Every(Duration.ofMillis(999)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("interval must be between one second and 3,660 days, but is PT0.999S");
    assertThatThrownBy(() -> new Every(Duration.ofSeconds(1).plusNanos(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("interval must be whole milliseconds");
    assertThatThrownBy(() -> Missed.upTo(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("limit must be between 1 and 1000, but is 0");
  }
}
