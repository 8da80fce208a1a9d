package dev.plinth.jobs.internal;

import dev.plinth.jobs.schedule.Cron;
import java.time.Instant;
import java.time.LocalDateTime;
import org.jspecify.annotations.Nullable;

/** The due times of a cron expression in a zone whose clocks change, as {@link Cron} defines. */
final class CronTimes implements Times {
  private final CronExpression expression;
  private final WallClock clock;

  CronTimes(Cron cron) {
    this.expression = CronExpression.parse(cron.expression());
    this.clock = new WallClock(cron.zone());
  }

  @Override
  public Instant after(Instant time) {
    return expression.followsTheClock() ? byTheClock(time) : eachOnce(time);
  }

  /** Local times in their order, since each is due no earlier than the one before it. */
  private Instant eachOnce(Instant time) {
    LocalDateTime local = clock.at(time);
    Instant due;
    do {
      local = expression.after(local);
      due = clock.first(local);
    } while (!due.isAfter(time));
    return due;
  }

  /** Stretch by stretch between changes of the clock, each with one offset. */
  private Instant byTheClock(Instant time) {
    Instant from = time;
    LocalDateTime shownBefore = clock.at(from);
    while (true) {
      Instant due = expression.after(shownBefore).toInstant(clock.offset(from));
      @Nullable Instant change = clock.nextChange(from);
      if (change == null || due.isBefore(change)) {
        return due;
      }
      from = change;
      // What the clock shows after the change may itself be due.
      shownBefore = clock.at(from).minusSeconds(1);
    }
  }
}
