package dev.plinth.test;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * A clock that runs with the system's, shifted by what a test asks for.
 *
 * <p>The clock of a {@link TestDatabase} shifts the database's time by the same amount, at once and
 * for all Plinths on that database: it stands in for <code>{now}</code> in their statements. What
 * the server decides by itself, such as {@code DEFAULT now()} of a column, does not move. Shifts
 * are exact to the microsecond, as PostgreSQL's times are. Safe for use by many threads.
 */
public final class SettableClock implements InstantSource {
  private volatile Duration offset = Duration.ZERO;
  private final @Nullable DatabaseOffset database;

  /** A clock at the present, which no database follows. */
  public SettableClock() {
    this.database = null;
  }

  SettableClock(DatabaseOffset database) {
    this.database = database;
  }

  @Override
  public Instant instant() {
    return Instant.now().plus(offset());
  }

  /** How far the clock is from the system's; negative when it is behind. */
  public Duration offset() {
    return database == null || database.isOwn() ? offset : database.read();
  }

  /** Moves the clock, back if the duration is negative. */
  public synchronized void advance(Duration by) {
    shift(offset().plus(by));
  }

  /** Moves the clock to a time, from which it runs on. */
  public synchronized void set(Instant time) {
    shift(Duration.between(Instant.now(), time));
  }

  /** Moves the clock to the present. */
  public synchronized void reset() {
    shift(Duration.ZERO);
  }

  private void shift(Duration to) {
    Duration exact = to.truncatedTo(ChronoUnit.MICROS);
    if (database != null) {
      database.write(exact);
    }
    offset = exact;
  }
}
