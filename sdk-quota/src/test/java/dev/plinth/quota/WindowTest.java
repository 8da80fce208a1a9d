package dev.plinth.quota;

import static dev.plinth.quota.Given.units;
import static dev.plinth.quota.Given.usage;
import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.quota.Decision.Denied;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import java.time.Instant;
import java.time.ZoneId;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@PlinthTest
class WindowTest {
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

  private Plinth plinth;
  private SettableClock clock;
  private UUID user;

  @BeforeEach
  void setUp(Plinth plinth, SettableClock clock) {
    this.plinth = plinth;
    this.clock = clock;
    this.user = Given.user(plinth);
  }

  private Quotas quotas(long cap, Window window) {
    return Quotas.builder(plinth).limit("n", cap, window).build();
  }

  private void at(String time) {
    clock.set(Instant.parse(time));
  }

  @Test
  void charge_nextHour_beginsAtZero() {
    try (Quotas quotas = quotas(10, Window.perHour())) {
      at("2030-05-05T10:59:00Z");
      assertThat(quotas.charge(user, "n", 10).isCharged()).isTrue();
      assertThat(quotas.charge(user, "n", 1).isCharged()).isFalse();

      at("2030-05-05T11:00:01Z");
      assertThat(usage(quotas, user, "n").used()).isEqualTo(units(0));
      assertThat(quotas.charge(user, "n", 4).isCharged()).isTrue();

      assertThat(usage(quotas, user, "n"))
          .isEqualTo(
              new Usage("n", units(4), units(0), units(10), Instant.parse("2030-05-05T12:00:00Z")));
    }
  }

  @Test
  void charge_clockGoesBack_staysInTheWindowAlreadyReached() {
    try (Quotas quotas = quotas(10, Window.perHour())) {
      at("2030-05-05T10:30:00Z");
      quotas.charge(user, "n", 10);
      at("2030-05-05T11:10:00Z");
      quotas.charge(user, "n", 9);

      at("2030-05-05T10:50:00Z");
      assertThat(quotas.charge(user, "n", 1).isCharged()).isTrue();
      Denied denied = (Denied) quotas.charge(user, "n", 1);

      assertThat(denied.checks().get(0).usage().resetsAt())
          .isEqualTo(Instant.parse("2030-05-05T12:00:00Z"));
      assertThat(usage(quotas, user, "n").used()).isEqualTo(units(10));
      at("2030-05-05T11:20:00Z");
      assertThat(quotas.charge(user, "n", 1).isCharged()).isFalse();
      at("2030-05-05T12:00:01Z");
      assertThat(quotas.charge(user, "n", 10).isCharged()).isTrue();
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "a day of 23 hours,  2031-03-30T05:00:00Z, 2031-03-29T23:00:00Z, 2031-03-30T22:00:00Z",
    "a day of 25 hours,  2031-10-26T05:00:00Z, 2031-10-25T22:00:00Z, 2031-10-26T23:00:00Z",
    "an ordinary day,    2031-07-01T23:30:00Z, 2031-07-01T22:00:00Z, 2031-07-02T22:00:00Z"
  })
  void charge_perDayWhereClocksChange_countsFromMidnightToMidnight(
      String what, Instant now, Instant start, Instant end) {
    try (Quotas quotas = quotas(10, Window.perDay(BERLIN))) {
      clock.set(start.plusSeconds(1));
      quotas.charge(user, "n", 10);

      clock.set(now);
      assertThat(quotas.charge(user, "n", 1).isCharged()).isFalse();
      assertThat(usage(quotas, user, "n").resetsAt()).isEqualTo(end);
      clock.set(end.minusSeconds(5));
      assertThat(quotas.charge(user, "n", 1).isCharged()).isFalse();
      clock.set(end.plusSeconds(1));
      assertThat(quotas.charge(user, "n", 10).isCharged()).isTrue();
    }
  }

  @Test
  void charge_perHourThatIsRepeatedInAutumn_isTwoHours() {
    try (Quotas quotas = quotas(10, Window.perHour(BERLIN))) {
      at("2031-10-26T00:30:00Z");
      quotas.charge(user, "n", 10);
      assertThat(usage(quotas, user, "n").resetsAt())
          .isEqualTo(Instant.parse("2031-10-26T01:00:00Z"));

      at("2031-10-26T01:10:00Z");
      assertThat(quotas.charge(user, "n", 10).isCharged()).isTrue();
      assertThat(usage(quotas, user, "n").resetsAt())
          .isEqualTo(Instant.parse("2031-10-26T02:00:00Z"));
    }
  }

  @Test
  void charge_perHourOfAZoneWithMinutes_beginsAtItsFullHour() {
    try (Quotas quotas = quotas(10, Window.perHour(ZoneId.of("Asia/Kolkata")))) {
      at("2031-10-26T01:10:00Z");
      quotas.charge(user, "n", 1);

      assertThat(usage(quotas, user, "n").resetsAt())
          .isEqualTo(Instant.parse("2031-10-26T01:30:00Z"));
    }
  }

  @Test
  void charge_dayWithoutMidnight_beginsWhenItBegins() {
    try (Quotas quotas = quotas(10, Window.perDay(ZoneId.of("Asia/Beirut")))) {
      at("2023-03-29T23:00:00Z"); // clocks went from 00:00 to 01:00 on the thirtieth
      quotas.charge(user, "n", 10);

      at("2023-03-30T20:59:00Z");
      assertThat(quotas.charge(user, "n", 1).isCharged()).isFalse();
      at("2023-03-30T21:00:01Z");
      assertThat(quotas.charge(user, "n", 1).isCharged()).isTrue();
    }
  }

  @Test
  void charge_perMonth_countsUntilTheFirstOfTheNext() {
    try (Quotas quotas = quotas(10, Window.perMonth())) {
      at("2032-02-29T23:59:00Z");
      quotas.charge(user, "n", 10);
      assertThat(usage(quotas, user, "n").resetsAt())
          .isEqualTo(Instant.parse("2032-03-01T00:00:00Z"));

      at("2032-03-01T00:00:01Z");
      assertThat(quotas.charge(user, "n", 10).isCharged()).isTrue();
    }
  }

  @Test
  void charge_windowMadeLonger_keepsWhatIsUsed() {
    at("2030-05-05T10:30:00Z");
    try (Quotas hourly = quotas(10, Window.perHour())) {
      hourly.charge(user, "n", 8);
    }
    try (Quotas daily = quotas(10, Window.perDay())) {
      assertThat(daily.charge(user, "n", 3).isCharged()).isFalse();
      assertThat(daily.charge(user, "n", 2).isCharged()).isTrue();
      assertThat(usage(daily, user, "n").resetsAt())
          .isEqualTo(Instant.parse("2030-05-06T00:00:00Z"));
    }
  }

  @Test
  void charge_capOfTheCatalogueChanges_holdsAtOnceForWhatIsUsed() {
    try (Quotas before = quotas(10, Window.gauge());
        Quotas after = quotas(5, Window.gauge())) {
      before.charge(user, "n", 8);

      assertThat(after.charge(user, "n", 1).isCharged()).isFalse();
      assertThat(usage(after, user, "n").remaining()).isEqualTo(units(0));
      after.release(user, "n", 4);
      assertThat(after.charge(user, "n", 1).isCharged()).isTrue();
    }
  }
}
