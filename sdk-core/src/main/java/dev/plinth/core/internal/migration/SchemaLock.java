package dev.plinth.core.internal.migration;

import dev.plinth.core.migration.MigrationException;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session-level advisory lock that is polled for. Waiting inside pg_advisory_lock would hold a
 * snapshot, and CREATE INDEX CONCURRENTLY in the session that has the lock would wait for it.
 */
final class SchemaLock {
  private static final Logger log = LoggerFactory.getLogger(SchemaLock.class);

  /** The letters plin, so that an operator recognises the lock in pg_locks.classid. */
  private static final long CLASS = 0x706c696eL << 32;

  /** What Flyway adds the hash of its history table's name to. */
  private static final long FLYWAY = 77431708279161L;

  private static final long FIRST_PAUSE = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long LAST_PAUSE = TimeUnit.MILLISECONDS.toNanos(500);

  private final long number;
  private final Duration patience;

  private SchemaLock(long number, Duration patience) {
    this.number = number;
    this.patience = patience;
  }

  /** Held by whoever changes a schema of ours. */
  static SchemaLock of(Schema schema, Duration patience) {
    CRC32 crc = new CRC32();
    crc.update(schema.name().getBytes(StandardCharsets.UTF_8));
    return new SchemaLock(CLASS | crc.getValue(), patience);
  }

  /** Held by Flyway, whoever started it, while it works on a history table. */
  static SchemaLock ofFlyway(Schema schema, String module, Duration patience) {
    return new SchemaLock(FLYWAY + Line.quotedHistory(schema, module).hashCode(), patience);
  }

  void acquire(Connection connection) {
    long deadline = System.nanoTime() + patience.toNanos();
    long pause = FIRST_PAUSE;
    while (!tried(connection)) {
      if (System.nanoTime() - deadline >= 0) {
        throw new MigrationException(
            "The schema was locked for longer than "
                + patience
                + " by "
                + holder(connection)
                + ": wait until it has finished its migration, or end it with"
                + " pg_terminate_backend, and try again",
            null);
      }
      if (pause == FIRST_PAUSE) {
        log.info("Waiting for another node to finish its migration");
      }
      LockSupport.parkNanos(pause);
      if (Thread.interrupted()) {
        Thread.currentThread().interrupt();
        throw new MigrationException("Interrupted while waiting for another node", null);
      }
      pause = Math.min(LAST_PAUSE, pause * 2);
    }
  }

  void release(Connection connection) {
    boolean held =
        Sql.query(connection, "SELECT pg_advisory_unlock(?)", row -> row.getBoolean(1), number)
            .get(0);
    if (!held) {
      throw new MigrationException(
          "The lock on the schema was lost: migrations need a direct connection, not one through"
              + " PgBouncer in transaction mode",
          null);
    }
  }

  private boolean tried(Connection connection) {
    return Sql.query(connection, "SELECT pg_try_advisory_lock(?)", row -> row.getBoolean(1), number)
        .get(0);
  }

  private String holder(Connection connection) {
    return Sql.first(
            connection,
            """
            SELECT 'the session ' || l.pid || coalesce(' of ' || a.usename, '')
                || coalesce(' (' || nullif(a.application_name, '') || ')', '')
                || coalesce(' from ' || host(a.client_addr), '')
            FROM pg_locks l
            LEFT JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND (l.classid::bigint << 32 | l.objid::bigint) = ?
            """,
            row -> row.getString(1),
            number)
        .orElse("a session that has just ended");
  }
}
