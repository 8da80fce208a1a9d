package dev.plinth.core.internal.lock;

import dev.plinth.core.lock.LockOptions;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Acquires, and notes that somebody waits. Neither waits for another transaction. */
final class Claim {
  /**
   * A row that a transaction has locked is held: by a fenced transaction of its holder, or by one
   * that is acquiring it. The new fence is taken while the row is locked, so it is above all that
   * the name ever had.
   */
  private static final String CLAIM =
      """
      UPDATE {schema}.locks
      SET fence = DEFAULT,
          holder = ?,
          instance_id = ?,
          acquired_at = {now},
          lease_until = {now} + make_interval(secs => ?),
          touched_at = {now}
      WHERE name IN (
        SELECT l.name
        FROM {schema}.locks l
        WHERE l.name = ?
          AND\s"""
          + LockRows.FREE
          + """

        FOR UPDATE OF l SKIP LOCKED)
      RETURNING fence, lease_until
      """;

  private static final String IS_KNOWN =
      "SELECT EXISTS (SELECT FROM {schema}.locks l WHERE l.name = ?)";

  /**
   * Without the advisory lock, a second caller would wait in the unique index for the end of the
   * first one's transaction.
   */
  private static final String INTRODUCE =
      """
      INSERT INTO {schema}.locks (name, touched_at)
      SELECT ?, {now}
      WHERE pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended(?, 0))
      ON CONFLICT (name) DO NOTHING
      """;

  /** Renewals pass meanwhile, and a row in use is left to the next time. */
  private static final String AWAIT =
      """
      UPDATE {schema}.locks a
      SET awaited_until = {now} + make_interval(secs => ?),
          touched_at = {now}
      WHERE a.name IN (
        SELECT l.name
        FROM {schema}.locks l
        WHERE l.name = ?
        FOR NO KEY UPDATE SKIP LOCKED)
      RETURNING a.lease_until, {now} AS now
      """;

  /** A lock that was won. */
  record Won(Acquisition lock, Instant leaseUntil) {}

  private final Schema schema;

  Claim(Schema schema) {
    this.schema = schema;
  }

  Optional<Won> claim(Tx tx, String name, LockOptions options, @Nullable UUID instance) {
    Optional<Won> won = take(tx, name, options, instance);
    if (won.isPresent() || isKnown(tx, name)) {
      return won;
    }
    Sql.update(
        tx.connection(),
        schema.render(INTRODUCE),
        name,
        "plinth lock " + schema.quoted() + ' ' + name);
    return take(tx, name, options, instance);
  }

  /**
   * Has a release announced for so long.
   *
   * @return how long the present lease still lasts, zero when the lock is free; empty when another
   *     transaction has its row
   */
  Optional<Duration> await(Tx tx, String name, Duration time) {
    return Sql.first(
        tx.connection(),
        schema.render(AWAIT),
        row -> {
          Instant end = Sql.instant(row, "lease_until");
          Instant now = Args.notNull(Sql.instant(row, "now"), "now");
          return end == null || end.isBefore(now) ? Duration.ZERO : Duration.between(now, end);
        },
        time,
        name);
  }

  private Optional<Won> take(Tx tx, String name, LockOptions options, @Nullable UUID instance) {
    UUID holder = UUID.randomUUID();
    return Sql.first(
        tx.connection(),
        schema.render(CLAIM),
        row ->
            new Won(
                new Acquisition(name, row.getLong("fence"), holder),
                Args.notNull(Sql.instant(row, "lease_until"), "lease_until")),
        holder,
        instance,
        options.lease(),
        name);
  }

  private boolean isKnown(Tx tx, String name) {
    return Sql.query(tx.connection(), schema.render(IS_KNOWN), row -> row.getBoolean(1), name)
        .get(0);
  }
}
