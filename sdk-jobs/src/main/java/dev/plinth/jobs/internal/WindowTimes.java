package dev.plinth.jobs.internal;

import dev.plinth.jobs.schedule.Edge;
import dev.plinth.jobs.schedule.Window;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The edges of a daily window: the ends of the stretches of time that its days cover together, so
 * that START and END always alternate.
 */
public final class WindowTimes implements Times {
  /** Enough to meet each day of the week, and again if the first one is swallowed by a change. */
  private static final int DAYS_AHEAD = 17;

  private final Window window;
  private final WallClock clock;

  /**
   * A stretch in which the window is open.
   *
   * @param since included
   * @param until not included
   */
  public record Open(Instant since, Instant until) {}

  /** Of a window. */
  public WindowTimes(Window window) {
    this.window = window;
    this.clock = new WallClock(window.zone());
  }

  @Override
  public Instant after(Instant time) {
    for (Open open : around(time)) {
      if (open.since().isAfter(time)) {
        return open.since();
      }
      if (open.until().isAfter(time)) {
        return open.until();
      }
    }
    throw new IllegalStateException("The window has no edge after " + time);
  }

  /** The stretch that an instant is in, if it is open then. */
  public Optional<Open> openAt(Instant time) {
    return around(time).stream()
        .filter(open -> !open.since().isAfter(time) && open.until().isAfter(time))
        .findFirst();
  }

  /** What an instant at which the window changes is. */
  Edge edgeAt(Instant time) {
    return openAt(time).isPresent() ? Edge.START : Edge.END;
  }

  /** The stretches of the days around an instant, ascending, with those that touch made one. */
  private List<Open> around(Instant time) {
    List<Open> result = new ArrayList<>();
    LocalDate today = clock.at(time).toLocalDate();
    for (int day = -8; day <= DAYS_AHEAD; day++) {
      LocalDate date = today.plusDays(day);
      if (window.days().contains(date.getDayOfWeek())) {
        add(result, stretch(date));
      }
    }
    return result;
  }

  private Open stretch(LocalDate date) {
    LocalDateTime start = date.atTime(window.start());
    LocalDateTime end = date.atTime(window.end());
    return new Open(clock.first(start), clock.first(end.isAfter(start) ? end : end.plusDays(1)));
  }

  private static void add(List<Open> stretches, Open next) {
    if (!next.until().isAfter(next.since())) {
      return;
    }
    int last = stretches.size() - 1;
    if (last >= 0 && !next.since().isAfter(stretches.get(last).until())) {
      stretches.set(last, new Open(stretches.get(last).since(), next.until()));
    } else {
      stretches.add(next);
    }
  }
}
