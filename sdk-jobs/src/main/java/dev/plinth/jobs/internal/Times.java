package dev.plinth.jobs.internal;

import dev.plinth.jobs.schedule.Cron;
import dev.plinth.jobs.schedule.Every;
import dev.plinth.jobs.schedule.Timing;
import dev.plinth.jobs.schedule.Window;
import java.time.Instant;

/** The due times of a timing. */
@FunctionalInterface
public interface Times {
  /** The earliest instant that can be asked about. */
  Instant EARLIEST = Instant.EPOCH;

  /** The first instant that cannot. */
  Instant LATEST = Instant.parse("9999-01-01T00:00:00Z");

  /**
   * The first due time that is later than an instant. Depends on nothing else, but for an interval,
   * which is counted from that instant.
   */
  Instant after(Instant time);

  /** Of a timing. */
  static Times of(Timing timing) {
    if (timing instanceof Cron cron) {
      return new CronTimes(cron);
    }
    if (timing instanceof Window window) {
      return new WindowTimes(window);
    }
    Every every = (Every) timing;
    return time -> time.plus(every.interval());
  }
}
