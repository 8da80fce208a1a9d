package dev.plinth.jobs.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.json.Json;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WindowTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # across midnight, on the days on which it begins
          2026-06-05T00:00Z | 22:00 | 06:00 | FRIDAY | Europe/Berlin | 2026-06-05T20:00:00Z 2026-06-06T04:00:00Z 2026-06-12T20:00:00Z
          2026-06-05T00:00Z | 08:00 | 18:00 | FRIDAY | Europe/Berlin | 2026-06-05T06:00:00Z 2026-06-05T16:00:00Z 2026-06-12T06:00:00Z
          # an edge that is skipped comes right after the gap; one that comes twice, the first time
          2026-03-28T12:00Z | 02:30 | 04:00 | SUNDAY | Europe/Berlin | 2026-03-29T01:00:00Z 2026-03-29T02:00:00Z 2026-04-05T00:30:00Z
          2026-10-24T12:00Z | 01:00 | 02:30 | SUNDAY | Europe/Berlin | 2026-10-24T23:00:00Z 2026-10-25T00:30:00Z 2026-11-01T00:00:00Z
          # nothing but skipped time
          2026-03-28T12:00Z | 02:10 | 02:50 | SUNDAY | Europe/Berlin | 2026-04-05T00:10:00Z 2026-04-05T00:50:00Z 2026-04-12T00:10:00Z
          """)
  void edges_comeInTheirOrder(
      String from, String start, String end, DayOfWeek day, String zone, String edges) {
    Window window = Window.daily(start, end, zone).on(day);

    List<Instant> next = window.next(Instant.parse(from.replace("Z", ":00Z")), 3);

    assertThat(next).map(Instant::toString).containsExactly(edges.split(" "));
    assertThat(window.isOpenAt(next.get(0))).isTrue();
    assertThat(window.isOpenAt(next.get(1).minusMillis(1))).isTrue();
    assertThat(window.isOpenAt(next.get(1))).isFalse();
    assertThat(window.isOpenAt(next.get(2))).isTrue();
  }

  @Test
  void windowsThatTouchBecauseOfAGap_areOne() {
    // Open but for 02:15 to 02:30, which this night does not have.
    Window window = Window.daily("02:30", "02:15", "Europe/Berlin");

    assertThat(window.next(Instant.parse("2026-03-28T12:00:00Z"), 2))
        .containsExactly(
            Instant.parse("2026-03-30T00:15:00Z"), Instant.parse("2026-03-30T00:30:00Z"));
  }

  @Property(tries = 30, shrinking = ShrinkingMode.OFF)
  void ofAYear_isOpenWhenSomeDayHasItOpen(
      @ForAll @IntRange(min = 0, max = 287) int start,
      @ForAll @IntRange(min = 1, max = 287) int length,
      @ForAll @IntRange(min = 1, max = 127) int days,
      @ForAll @IntRange(max = 2) int zone) {
    ZoneId id =
        ZoneId.of(List.of("Europe/Berlin", "America/New_York", "Australia/Lord_Howe").get(zone));
    Set<DayOfWeek> on = new HashSet<>();
    for (DayOfWeek day : DayOfWeek.values()) {
      if ((days >> day.ordinal() & 1) == 1) {
        on.add(day);
      }
    }
    LocalTime begins = LocalTime.MIN.plusMinutes(start * 5L);
    Window window = new Window(begins, begins.plusMinutes(length * 5L), on, id, null, null);

    Instant time = Instant.parse("2026-01-10T00:00:00Z");
    List<Instant> edges = window.next(time, 2 * on.size() * 50);
    boolean open = window.isOpenAt(time);
    Set<Instant> changes = new HashSet<>(edges);
    assertThat(edges).doesNotHaveDuplicates().isSorted();
    for (; time.isBefore(edges.get(edges.size() - 1)); time = time.plus(Duration.ofMinutes(5))) {
      open ^= changes.contains(time);
      assertThat(open).as("%s at %s", window, time).isEqualTo(modelOpen(window, time));
    }
  }

  private static boolean modelOpen(Window window, Instant time) {
    ZoneId zone = window.zone();
    LocalDate today = time.atZone(zone).toLocalDate();
    List<LocalDate> candidates = new ArrayList<>(List.of(today.minusDays(1), today));
    candidates.removeIf(day -> !window.days().contains(day.getDayOfWeek()));
    return candidates.stream()
        .anyMatch(
            day ->
                !begin(day, window.start(), zone).isAfter(time)
                    && begin(
                            window.end().isAfter(window.start()) ? day : day.plusDays(1),
                            window.end(),
                            zone)
                        .isAfter(time));
  }

  /** The first moment at which the clock shows this time or, skipping it, a later one. */
  private static Instant begin(LocalDate day, LocalTime at, ZoneId zone) {
    var change = zone.getRules().getTransition(day.atTime(at));
    return change != null && change.isGap()
        ? change.getInstant()
        : day.atTime(at).atZone(zone).toInstant();
  }

  @Test
  void badInput_namesTheArgument() {
    assertThatThrownBy(() -> Window.daily("24:00", "08:00", "UTC"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("start must be a time of day as HH:MM, from 00:00 to 23:59");
    assertThatThrownBy(() -> Window.daily("08:00", "8", "UTC"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("end must be a time of day");
    assertThatThrownBy(() -> Window.daily("08:00", "08:00", "UTC"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("end must differ from start");
    assertThatThrownBy(
            () ->
                new Window(
                    LocalTime.of(1, 0, 1),
                    LocalTime.of(2, 0),
                    Set.of(DayOfWeek.MONDAY),
                    ZoneId.of("UTC"),
                    null,
                    null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("start must be whole minutes");
    assertThatThrownBy(
            () ->
                new Window(
                    LocalTime.of(1, 0), LocalTime.of(2, 0), Set.of(), ZoneId.of("UTC"), null, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("days must name at least one day");
    Window window = Window.daily("08:00", "18:00", "UTC");
    assertThatThrownBy(() -> window.targetInstances(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("targetInstances must be between 0");
    assertThatThrownBy(() -> window.target(Json.of("3")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("target must be a JSON object");
  }
}
