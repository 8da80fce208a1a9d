package dev.plinth.jobs.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;

/** A whole year, against a model that looks at the clock on the wall minute by minute. */
@Tag("proof")
class CronPropertyTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final Duration MINUTE = Duration.ofMinutes(1);

  /** Minutes and hours; with a step they begin with a star. */
  record Expression(
      TreeSet<Integer> minutes, int minuteStep, TreeSet<Integer> hours, int hourStep) {
    boolean followsTheClock() {
      return minuteStep > 0 || hourStep > 0;
    }

    boolean matches(LocalDateTime time) {
      return (minuteStep > 0
              ? time.getMinute() % minuteStep == 0
              : minutes.contains(time.getMinute()))
          && (hourStep > 0 ? time.getHour() % hourStep == 0 : hours.contains(time.getHour()));
    }

    String text() {
      return field(minutes, minuteStep) + " " + field(hours, hourStep) + " * * *";
    }

    private static String field(TreeSet<Integer> values, int step) {
      return step > 0
          ? "*/" + step
          : values.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
  }

  @Provide
  Arbitrary<Expression> expressions() {
    // Mostly hours in which clocks change.
    Arbitrary<Integer> hour =
        Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(3, Arbitraries.integers().between(0, 4)),
            net.jqwik.api.Tuple.of(1, Arbitraries.integers().between(5, 23)));
    return Combinators.combine(
            Arbitraries.integers().between(0, 59).set().ofMinSize(1).ofMaxSize(3),
            Arbitraries.of(0, 0, 7, 15, 30),
            hour.set().ofMinSize(1).ofMaxSize(3),
            Arbitraries.of(0, 0, 0, 1, 2, 5))
        .as(
            (minutes, minuteStep, hours, hourStep) ->
                new Expression(new TreeSet<>(minutes), minuteStep, new TreeSet<>(hours), hourStep));
  }

  @Provide
  Arbitrary<String> zones() {
    return Arbitraries.of(
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "America/St_Johns",
        "Asia/Kathmandu",
        "UTC");
  }

  @Property(tries = 40, shrinking = ShrinkingMode.OFF)
  void dueTimesOfAYear_areThoseOfTheModel(
      @ForAll("expressions") Expression expression, @ForAll("zones") String zone) {
    for (int year = 2026; year <= (LARGE ? 2036 : 2026); year++) {
      check(expression, ZoneId.of(zone), year);
    }
  }

  private static void check(Expression expression, ZoneId zone, int year) {
    Instant from = LocalDate.of(year, 1, 1).atStartOfDay(zone).toInstant();
    Instant to = LocalDate.of(year + 1, 1, 1).atStartOfDay(zone).toInstant();
    List<Instant> model = model(expression, zone.getRules(), from, to);

    List<Instant> due = new ArrayList<>();
    Timing cron = new Cron(expression.text(), zone);
    Instant last = from.minusSeconds(1);
    while (last.isBefore(to)) {
      for (Instant next : cron.next(last, 1_000)) {
        assertThat(next).isAfter(last);
        last = next;
        due.add(next);
      }
    }
    due.removeIf(time -> !time.isBefore(to));

    assertThat(due).as("%s in %s", expression.text(), zone).isEqualTo(model);
    if (!expression.followsTheClock()) {
      everyDayHasItsCount(expression, zone, due);
    }
  }

  /** Clocks that change lose no day its times, unless several come together after a gap. */
  private static void everyDayHasItsCount(Expression expression, ZoneId zone, List<Instant> due) {
    Map<LocalDate, Integer> counts = new TreeMap<>();
    due.forEach(time -> counts.merge(time.atZone(zone).toLocalDate(), 1, Integer::sum));
    int ordinary = expression.minutes().size() * expression.hours().size();
    counts.forEach(
        (day, count) -> {
          boolean gap =
              day.atStartOfDay(zone).getOffset().getTotalSeconds()
                  < day.plusDays(1).atStartOfDay(zone).getOffset().getTotalSeconds();
          assertThat(count).as("%s", day).isBetween(gap ? 1 : ordinary, ordinary);
        });
    assertThat(counts).hasSizeBetween(365, 366);
  }

  private static List<Instant> model(
      Expression expression, ZoneRules rules, Instant from, Instant to) {
    List<Instant> due = new ArrayList<>();
    ZoneOffset before = rules.getOffset(from.minus(MINUTE));
    for (Instant time = from; time.isBefore(to); time = time.plus(MINUTE)) {
      ZoneOffset offset = rules.getOffset(time);
      LocalDateTime shown = LocalDateTime.ofInstant(time, offset);
      boolean matches = expression.matches(shown);
      if (!expression.followsTheClock()) {
        matches = matches && rules.getValidOffsets(shown).get(0).equals(offset);
        for (LocalDateTime skipped = LocalDateTime.ofInstant(time, before);
            skipped.isBefore(shown);
            skipped = skipped.plus(MINUTE)) {
          matches |= expression.matches(skipped);
        }
      }
      if (matches) {
        due.add(time);
      }
      before = offset;
    }
    return due;
  }
}
