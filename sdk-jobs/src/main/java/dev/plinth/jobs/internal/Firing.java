package dev.plinth.jobs.internal;

import dev.plinth.jobs.schedule.Overlap;
import dev.plinth.jobs.schedule.Schedule;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a firing does with a schedule.
 *
 * @param run the due times to enqueue jobs for
 * @param buffered the due time that waits for the end of the last job, or null
 * @param skipped the latest due time that was let go for an overlap, or null
 * @param next when it is due next
 */
record Firing(
    List<Instant> run, @Nullable Instant buffered, @Nullable Instant skipped, Instant next) {
  /**
   * Decides.
   *
   * @param running whether the last job has not ended
   * @param punctual how late a due time may be without having been missed
   */
  static Firing of(Schedule schedule, Instant now, boolean running, Duration punctual) {
    Instant next = Objects.requireNonNull(schedule.nextRunAt(), "nextRunAt");
    List<Instant> candidates = new ArrayList<>();
    if (schedule.bufferedAt() != null) {
      candidates.add(schedule.bufferedAt());
    }
    if (!next.isAfter(now)) {
      DueTimes due = DueTimes.of(schedule.timing(), schedule.missed(), next, now, punctual);
      candidates.addAll(due.run());
      next = due.next();
    }
    return schedule.overlap() == Overlap.ALLOW
        ? new Firing(candidates, null, null, next)
        : oneAtATime(candidates, schedule.overlap() == Overlap.BUFFER_ONE, running, next);
  }

  private static Firing oneAtATime(
      List<Instant> candidates, boolean mayWait, boolean running, Instant next) {
    if (candidates.isEmpty()) {
      return new Firing(List.of(), null, null, next);
    }
    List<Instant> run = running ? List.of() : List.of(candidates.get(0));
    List<Instant> rest = candidates.subList(run.size(), candidates.size());
    int last = rest.size() - 1;
    @Nullable Instant buffered = mayWait && last >= 0 ? rest.get(last) : null;
    int letGo = buffered == null ? last : last - 1;
    return new Firing(run, buffered, letGo >= 0 ? rest.get(letGo) : null, next);
  }

  /** The last due time that is run, or null. */
  @Nullable Instant lastRun() {
    return run.isEmpty() ? null : run.get(run.size() - 1);
  }
}
