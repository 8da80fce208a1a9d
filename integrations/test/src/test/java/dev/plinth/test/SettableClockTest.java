package dev.plinth.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

@PlinthTest
class SettableClockTest {
  private static final Duration YEAR = Duration.ofDays(365);

  @RepeatedTest(2)
  void advance_year_movesProcessAndDatabaseUntilTheTestEnds(SettableClock clock, Plinth plinth) {
    assertThat(clock.offset()).isZero();
    assertThat(databaseTime(plinth)).isCloseTo(Instant.now(), within(5, ChronoUnit.SECONDS));

    clock.advance(YEAR);

    Instant expected = Instant.now().plus(YEAR);
    assertThat(plinth.clock().instant()).isCloseTo(expected, within(5, ChronoUnit.SECONDS));
    assertThat(databaseTime(plinth)).isCloseTo(expected, within(5, ChronoUnit.SECONDS));
  }

  @Test
  void set_thenReset_movesThereAndBack(SettableClock clock, Plinth plinth) {
    Instant leapSecond = Instant.parse("2016-12-31T23:59:58.123456Z");

    clock.set(leapSecond);

    assertThat(clock.instant()).isCloseTo(leapSecond, within(5, ChronoUnit.SECONDS));
    assertThat(databaseTime(plinth)).isCloseTo(leapSecond, within(5, ChronoUnit.SECONDS));

    clock.reset();

    assertThat(databaseTime(plinth)).isCloseTo(Instant.now(), within(5, ChronoUnit.SECONDS));
  }

  @Test
  void advance_severalNodes_allSeeIt(SettableClock clock, TestNodes nodes) {
    Plinth a = nodes.add("a").plinth();
    Plinth b = nodes.add("b").plinth();

    clock.advance(YEAR.negated());

    Instant expected = Instant.now().minus(YEAR);
    assertThat(databaseTime(a)).isCloseTo(expected, within(5, ChronoUnit.SECONDS));
    assertThat(databaseTime(b)).isCloseTo(expected, within(5, ChronoUnit.SECONDS));
    assertThat(b.clock().instant()).isCloseTo(expected, within(5, ChronoUnit.SECONDS));
  }

  @Test
  void advance_inOneProcess_movesTheClockOfAnAttachedOne(
      SettableClock clock, TestDatabase database) {
    try (TestDatabase attached = TestDatabase.attach(database.url())) {
      clock.advance(Duration.ofNanos(1_234_567));
      assertThat(attached.clock().offset()).isEqualTo(Duration.ofNanos(1_234_000));

      attached.clock().advance(YEAR);
      assertThat(attached.clock().offset()).isEqualTo(YEAR.plusNanos(1_234_000));
    }
  }

  @Test
  void advance_withoutDatabase_movesItself() {
    SettableClock clock = new SettableClock();

    clock.advance(YEAR);

    assertThat(clock.offset()).isEqualTo(YEAR);
  }

  private static Instant databaseTime(Plinth plinth) {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    plinth.schema().render("SELECT {now} AS now"),
                    row -> Sql.instant(row, "now"))
                .get(0));
  }
}
