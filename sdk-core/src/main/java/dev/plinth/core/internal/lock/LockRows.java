package dev.plinth.core.internal.lock;

import dev.plinth.core.lock.LockState;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Liveness;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The statements on {@code locks} but those of acquiring; every time in them is the database's. */
final class LockRows {
  static final String FREE =
      "(l.holder IS NULL OR l.lease_until <= {now} OR " + Liveness.dead("l.instance_id") + ")";

  private static final String RENEW =
      """
      UPDATE {schema}.locks l
      SET lease_until = {now} + make_interval(secs => ?),
          touched_at = {now}
      WHERE l.name = ?
        AND l.fence = ?
        AND l.holder = ?
        AND NOT\s"""
          + FREE
          + "\nRETURNING l.lease_until";

  private static final String RELEASE =
      """
      UPDATE {schema}.locks l
      SET holder = NULL,
          instance_id = NULL,
          lease_until = NULL,
          touched_at = {now}
      WHERE l.name = ?
        AND l.fence = ?
        AND l.holder = ?
      RETURNING coalesce(l.awaited_until > {now}, false) AS awaited
      """;

  private static final String IS_HELD =
      """
      SELECT EXISTS (
        SELECT FROM {schema}.locks l
        WHERE l.name = ?
          AND l.fence = ?
          AND l.holder = ?
          AND NOT\s"""
          + FREE
          + ")";

  /** KEY SHARE lets renewals pass and keeps an acquisition out, since the fence is a key. */
  private static final String FENCE =
      """
      SELECT l.fence
      FROM {schema}.locks l
      WHERE l.name = ?
        AND l.fence = ?
        AND l.holder = ?
        AND NOT\s"""
          + FREE
          + "\nFOR KEY SHARE OF l";

  /** The fence lives on in its counter, so nothing is lost with a row. */
  private static final String PURGE =
      """
      DELETE FROM {schema}.locks
      WHERE name IN (
        SELECT l.name
        FROM {schema}.locks l
        WHERE l.touched_at < {now} - make_interval(secs => ?)
          AND\s"""
          + FREE
          + """

        LIMIT ?
        FOR UPDATE SKIP LOCKED)
      """;

  private static final String STATE =
      "SELECT l.name, l.fence, l.acquired_at, l.lease_until, l.instance_id, NOT "
          + FREE
          + " AS held\nFROM {schema}.locks l\n";

  private final Schema schema;

  LockRows(Schema schema) {
    this.schema = schema;
  }

  Optional<Instant> renew(Tx tx, Acquisition lock, Duration lease) {
    return Sql.first(
        tx.connection(),
        schema.render(RENEW),
        row -> Args.notNull(Sql.instant(row, "lease_until"), "lease_until"),
        lease,
        lock.name(),
        lock.fence(),
        lock.holder());
  }

  /** Whether somebody waits for it; empty when it was not this acquisition's to release. */
  Optional<Boolean> release(Tx tx, Acquisition lock) {
    return Sql.first(
        tx.connection(),
        schema.render(RELEASE),
        row -> row.getBoolean("awaited"),
        lock.name(),
        lock.fence(),
        lock.holder());
  }

  boolean isHeld(Tx tx, Acquisition lock) {
    return Sql.query(
            tx.connection(),
            schema.render(IS_HELD),
            row -> row.getBoolean(1),
            lock.name(),
            lock.fence(),
            lock.holder())
        .get(0);
  }

  boolean fence(Tx tx, Acquisition lock) {
    return Sql.first(
            tx.connection(),
            schema.render(FENCE),
            row -> true,
            lock.name(),
            lock.fence(),
            lock.holder())
        .isPresent();
  }

  int purge(Tx tx, Duration unusedFor, int limit) {
    return Sql.update(tx.connection(), schema.render(PURGE), unusedFor, limit);
  }

  Optional<LockState> find(Tx tx, String name) {
    return Sql.first(
        tx.connection(), schema.render(STATE + "WHERE l.name = ?"), LockRows::state, name);
  }

  List<LockState> page(Tx tx, @Nullable String after, int limit) {
    return Sql.query(
        tx.connection(),
        schema.render(
            STATE
                + "WHERE l.name COLLATE \"C\" > coalesce(?::text, '')\n"
                + "ORDER BY l.name COLLATE \"C\"\nLIMIT ?"),
        LockRows::state,
        after,
        limit);
  }

  private static LockState state(ResultSet row) throws SQLException {
    @Nullable UUID instance = Sql.uuid(row, "instance_id");
    return new LockState(
        row.getString("name"),
        row.getLong("fence"),
        row.getBoolean("held"),
        Sql.instant(row, "acquired_at"),
        Sql.instant(row, "lease_until"),
        instance);
  }
}
