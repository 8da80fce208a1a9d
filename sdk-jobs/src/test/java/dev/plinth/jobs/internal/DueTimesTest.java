package dev.plinth.jobs.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.jobs.schedule.Cron;
import dev.plinth.jobs.schedule.Every;
import dev.plinth.jobs.schedule.Missed;
import dev.plinth.jobs.schedule.Timing;
import dev.plinth.jobs.schedule.Window;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Which of the due times that have passed are run. */
class DueTimesTest {
  private static final Instant FIRST = Instant.parse("2026-06-01T10:00:00Z");
  private static final Timing HOURLY = Cron.of("@hourly", "UTC");

  private static DueTimes after(Timing timing, Missed missed, Duration late) {
    return DueTimes.of(timing, missed, FIRST, FIRST.plus(late), Duration.ofMinutes(1));
  }

  @Example
  void onTime_runsWhateverThePolicy() {
    for (Missed missed : List.of(Missed.skip(), Missed.one(), Missed.upTo(5))) {
      for (Timing timing : List.of(HOURLY, new Every(Duration.ofHours(1)))) {
        assertThat(after(timing, missed, Duration.ofSeconds(60)))
            .isEqualTo(new DueTimes(List.of(FIRST), FIRST.plus(Duration.ofHours(1))));
      }
    }
  }

  @Example
  void downForADay_thePolicySays() {
    Duration aDay = Duration.ofMinutes(24 * 60 + 30);
    Instant last = FIRST.plus(Duration.ofHours(24));
    Instant next = FIRST.plus(Duration.ofHours(25));
    for (Timing timing : List.of(HOURLY, new Every(Duration.ofHours(1)))) {
      assertThat(after(timing, Missed.skip(), aDay)).isEqualTo(new DueTimes(List.of(), next));
      assertThat(after(timing, Missed.one(), aDay)).isEqualTo(new DueTimes(List.of(last), next));
      assertThat(after(timing, Missed.upTo(3), aDay))
          .isEqualTo(
              new DueTimes(List.of(last.minusSeconds(7200), last.minusSeconds(3600), last), next));
      assertThat(after(timing, Missed.upTo(1_000), aDay).run()).hasSize(25).contains(FIRST, last);
    }
  }

  @Example
  void downForADay_upAgainJustInTime_theOnTimeOneRunsEvenIfMissedOnesDoNot() {
    assertThat(after(HOURLY, Missed.skip(), Duration.ofHours(24).plusSeconds(5)).run())
        .containsExactly(FIRST.plus(Duration.ofHours(24)));
  }

  @Example
  void downForYears_costsNoMoreThanWhatRuns() {
    Duration tenYears = Duration.ofDays(3_650);
    assertThat(after(new Every(Duration.ofSeconds(1)), Missed.upTo(2), tenYears).run())
        .containsExactly(FIRST.plus(tenYears).minusSeconds(1), FIRST.plus(tenYears));
    assertThat(after(Cron.of("* * * * *", "UTC"), Missed.upTo(2), tenYears).run())
        .containsExactly(FIRST.plus(tenYears).minusSeconds(60), FIRST.plus(tenYears));
  }

  @Example
  void rulesOfTheZoneHaveChanged_theTimeThatWasPromisedRuns() {
    Instant promised = FIRST.plusSeconds(17);
    assertThat(DueTimes.of(HOURLY, Missed.one(), promised, promised, Duration.ofMinutes(1)).run())
        .containsExactly(promised);
  }

  @Property(tries = 200)
  void whatRuns_isTheLatestOfWhatWasDue(
      @ForAll @IntRange(min = 1, max = 12) int limit,
      @ForAll @IntRange(min = 0, max = 20_000) int minutesLate,
      @ForAll @IntRange(max = 3) int which) {
    Timing timing =
        List.of(
                Cron.of("7,9,50 3 * * *", "Europe/Berlin"),
                Cron.of("*/20 10-12 * * MON", "America/New_York"),
                Window.daily("22:00", "06:00", "Europe/Berlin"),
                new Every(Duration.ofMinutes(95)))
            .get(which);
    Instant first = timing.nextAfter(FIRST);
    Instant now = first.plus(Duration.ofMinutes(minutesLate));
    List<Instant> all = new java.util.ArrayList<>(List.of(first));
    timing.next(first, 600).stream().filter(due -> !due.isAfter(now)).forEach(all::add);

    DueTimes due = DueTimes.of(timing, Missed.upTo(limit), first, now, Duration.ofMinutes(1));

    assertThat(due.run()).isEqualTo(all.subList(Math.max(0, all.size() - limit), all.size()));
    assertThat(due.next()).isAfter(now).isEqualTo(timing.nextAfter(all.get(all.size() - 1)));
  }
}
