package dev.plinth.core.internal.read;

import dev.plinth.core.PlinthException;
import dev.plinth.core.read.LogPosition;
import dev.plinth.core.read.ReadOptions;
import dev.plinth.core.read.ReplicaBehindException;
import dev.plinth.core.read.WhenBehind;
import dev.plinth.core.tx.ConnectionSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands out connections to a replica that has what a read asks for, waiting for it without holding
 * one. Safe for use by many threads.
 */
final class Replica {
  private static final Logger log = LoggerFactory.getLogger(Replica.class);
  private static final long FIRST_PAUSE_NANOS = 2_000_000;
  private static final long LAST_PAUSE_NANOS = 50_000_000;

  private final ConnectionSource source;
  private final Availability availability = new Availability();
  private final ReadCounts counts = new ReadCounts();
  private final AtomicBoolean told = new AtomicBoolean();

  Replica(ConnectionSource source) {
    this.source = source;
  }

  ReadCounts counts() {
    return counts;
  }

  /** A connection that reads may begin on, or null when they should go to the primary. */
  @Nullable Connection connection(ReadOptions options) {
    long end = System.nanoTime() + options.whenBehind().after().toNanos();
    long pause = FIRST_PAUSE_NANOS;
    while (true) {
      if (!availability.isWorthTrying()) {
        return away(options, null);
      }
      Connection connection;
      try {
        connection = source.openForReads();
      } catch (SQLException | RuntimeException e) {
        availability.failed(e);
        return away(options, e);
      }
      LogPosition wanted = options.after();
      Standing standing;
      try {
        standing = wanted == null ? Standing.REACHED : Standing.of(connection, wanted);
      } catch (SQLException | PlinthException e) {
        close(connection);
        availability.failed(e);
        return away(options, e);
      }
      if (standing == Standing.REACHED) {
        availability.answered();
        counts.onReplica();
        return connection;
      }
      close(connection);
      availability.answered();
      if (standing == Standing.INCOMPARABLE || System.nanoTime() - end >= 0) {
        return behind(options, standing);
      }
      LockSupport.parkNanos(Math.min(pause, Math.max(1, end - System.nanoTime())));
      if (Thread.currentThread().isInterrupted()) {
        return behind(options, standing);
      }
      pause = Math.min(LAST_PAUSE_NANOS, pause * 2);
    }
  }

  /** A read lost its connection: the next ones look whether the replica is there at all. */
  void lost(Exception reason) {
    availability.failed(reason);
  }

  private @Nullable Connection away(ReadOptions options, @Nullable Exception reason) {
    counts.away();
    if (options.whenBehind() instanceof WhenBehind.Fail) {
      throw new ReplicaBehindException(
          "The read DataSource does not answer, and this read must not go to the primary: repeat it"
              + " later, or allow WhenBehind.FallBackToPrimary",
          reason);
    }
    return null;
  }

  private @Nullable Connection behind(ReadOptions options, Standing standing) {
    counts.behind();
    boolean incomparable = standing == Standing.INCOMPARABLE;
    if (incomparable && told.compareAndSet(false, true)) {
      log.warn(
          "A read came with a position of another cluster or timeline than that of the read DataSource"
              + " and goes to the primary. After a promotion or a restore this passes; if it does not,"
              + " the read DataSource leads to a server that does not follow the primary");
    }
    if (options.whenBehind() instanceof WhenBehind.Fail) {
      throw new ReplicaBehindException(
          incomparable
              ? "The position that this read asks for is of another cluster or timeline than the"
                  + " replica's, and it must not go to the primary: read once without the position, or"
                  + " allow WhenBehind.FallBackToPrimary"
              : "The replica has not replayed what this read asks for within "
                  + options.whenBehind().after()
                  + ", and it must not go to the primary: repeat it later, or allow"
                  + " WhenBehind.FallBackToPrimary",
          null);
    }
    return null;
  }

  private static void close(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      log.debug("A connection for reads could not be closed; its pool will notice", e);
    }
  }
}
