package dev.plinth.jobs.internal;

import dev.plinth.jobs.schedule.Every;
import dev.plinth.jobs.schedule.Missed;
import dev.plinth.jobs.schedule.Timing;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * What is to run at a firing, and when the next is due.
 *
 * @param run the due times to run, ascending; may be empty
 * @param next the first due time that is yet to come
 */
record DueTimes(List<Instant> run, Instant next) {
  private static final long FIRST_LOOK_BACK = 60;

  /**
   * Decides.
   *
   * @param firstDue the earliest due time that was not fired, not after now
   * @param punctual how late a due time may be without having been missed
   */
  static DueTimes of(
      Timing timing, Missed missed, Instant firstDue, Instant now, Duration punctual) {
    int limit = missed instanceof Missed.UpTo upTo ? upTo.limit() : 1;
    DueTimes latest =
        timing instanceof Every every
            ? counted(every.interval(), limit, firstDue, now)
            : new DueTimes(
                latest(Times.of(timing), limit, firstDue, now), Times.of(timing).after(now));
    Instant last = latest.run().get(latest.run().size() - 1);
    return missed instanceof Missed.Skip && last.plus(punctual).isBefore(now)
        ? new DueTimes(List.of(), latest.next())
        : latest;
  }

  private static DueTimes counted(Duration interval, int limit, Instant firstDue, Instant now) {
    long passed = Duration.between(firstDue, now).dividedBy(interval);
    Deque<Instant> run = new ArrayDeque<>();
    for (long n = Math.max(0, passed - limit + 1); n <= passed; n++) {
      run.add(firstDue.plus(interval.multipliedBy(n)));
    }
    return new DueTimes(List.copyOf(run), firstDue.plus(interval.multipliedBy(passed + 1)));
  }

  /** Looks back further and further, so that it costs no more after a year than after a day. */
  private static List<Instant> latest(Times times, int limit, Instant firstDue, Instant now) {
    for (Duration back = Duration.ofSeconds(FIRST_LOOK_BACK * limit);
        ;
        back = back.multipliedBy(4)) {
      Instant from = now.minus(back);
      boolean all = !from.isAfter(firstDue);
      Deque<Instant> found = new ArrayDeque<>();
      if (all) {
        // As it was promised, even if the rules of its zone have changed since.
        found.add(firstDue);
      }
      for (Instant due = times.after(all ? firstDue : from);
          !due.isAfter(now);
          due = times.after(due)) {
        found.add(due);
        if (found.size() > limit) {
          found.remove();
        }
      }
      if (all || found.size() == limit) {
        return List.copyOf(found);
      }
    }
  }
}
