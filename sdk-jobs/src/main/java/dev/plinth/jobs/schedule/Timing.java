package dev.plinth.jobs.schedule;

import dev.plinth.core.spi.Args;
import dev.plinth.jobs.internal.Times;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** When a schedule is due. Immutable. */
public sealed interface Timing permits Cron, Every, Window {
  /**
   * The first due time that is later than an instant: a preview, which needs no database.
   *
   * @param time from the year 1970 to 9998
   */
  default Instant nextAfter(Instant time) {
    return next(time, 1).get(0);
  }

  /**
   * The first due times that are later than an instant, ascending.
   *
   * @param after from the year 1970 to 9998
   * @param count how many, from 1 to 10,000
   */
  default List<Instant> next(Instant after, int count) {
    Args.notNull(after, "after");
    Args.check(
        !after.isBefore(Times.EARLIEST) && after.isBefore(Times.LATEST),
        "after must be from the year 1970 to 9998, but is " + after);
    Args.range(count, 1, 10_000, "count");
    Times times = Times.of(this);
    List<Instant> result = new ArrayList<>(count);
    for (Instant time = after; result.size() < count; ) {
      time = times.after(time);
      result.add(time);
    }
    return result;
  }
}
