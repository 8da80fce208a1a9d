package dev.plinth.examples.quickstart.jobs;

import dev.plinth.jobs.schedule.Cron;
import dev.plinth.jobs.schedule.NewSchedule;
import dev.plinth.jobs.schedule.Schedules;
import java.io.PrintStream;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.zone.ZoneOffsetTransition;
import java.util.List;
import java.util.Locale;

/** A cron schedule at half past two in Berlin, around the next two changes of the clocks. */
final class ClockChanges {
  private static final String NAME = "chapter: half past two";
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");
  private static final DateTimeFormatter SHOWN =
      DateTimeFormatter.ofPattern("EEE yyyy-MM-dd HH:mm xxx", Locale.ROOT);

  private final Schedules schedules;
  private final PrintStream out;

  ClockChanges(Schedules schedules, PrintStream out) {
    this.schedules = schedules;
    this.out = out;
  }

  /** Paused, since it is there to be looked at. */
  void show(Verdict verdict) {
    schedules.put(
        NewSchedule.of(NAME, new Cron("30 2 * * *", BERLIN), Kinds.PULSE, new Errand("nightly")));
    schedules.pause(NAME);
    List<ZonedDateTime> runs =
        schedules.nextRuns(NAME, 400).stream().map(run -> run.atZone(BERLIN)).toList();
    out.println("30 2 * * * in Berlin, around the next two changes of the clocks:");
    ZoneOffsetTransition first = BERLIN.getRules().nextTransition(runs.get(0).toInstant());
    around(first, runs, verdict);
    around(BERLIN.getRules().nextTransition(first.getInstant()), runs, verdict);
  }

  void delete() {
    schedules.delete(NAME);
  }

  private void around(ZoneOffsetTransition change, List<ZonedDateTime> runs, Verdict verdict) {
    LocalDate day = change.getDateTimeBefore().toLocalDate();
    List<ZonedDateTime> near =
        runs.stream()
            .filter(run -> !run.toLocalDate().isBefore(day.minusDays(1)))
            .filter(run -> !run.toLocalDate().isAfter(day.plusDays(1)))
            .toList();
    near.forEach(run -> out.println("  " + SHOWN.format(run)));
    // Half past two is skipped in spring, and made up for right after; in autumn the first counts.
    Instant due =
        change.isGap()
            ? change.getInstant()
            : day.atTime(2, 30).toInstant(change.getOffsetBefore());
    verdict.check(
        "the clocks go " + (change.isGap() ? "forward" : "back") + " on " + day + ": due once",
        near.stream().filter(run -> run.toLocalDate().equals(day)).count() == 1
            && near.stream().anyMatch(run -> run.toInstant().equals(due)));
  }
}
