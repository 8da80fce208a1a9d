package dev.plinth.quota.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.quota.Usage;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * Decides a charge in one statement: locks the rows, asks all limits, then either charges them all
 * or records the violation.
 *
 * <p>Why it is exact at READ COMMITTED: {@code locked} waits for each row and then reads its newest
 * version, not the one of the statement's snapshot, and everything after it is computed from that.
 * Rows are locked in the order of the limits' names, so that charges cannot wait for each other in
 * a circle. If a row is missing, nothing is locked at all, since making it while holding others
 * would break that order; the statement then returns nothing and the caller makes the rows first.
 */
final class ChargeStatement {
  private static final String CHARGE =
      WindowSql.complete(
          """
          ,
          locked AS MATERIALIZED (
            SELECT u.*
            FROM {schema}.user_usage u
            WHERE u.user_id = ?
              AND u.limit_name = ANY (?)
              AND (
                SELECT count(*)
                FROM {schema}.user_usage e
                WHERE e.user_id = ?
                  AND e.limit_name = ANY (?)
                  AND e.tenant_id IS NOT DISTINCT FROM ?::text
              ) = ?
            ORDER BY u.limit_name
            FOR NO KEY UPDATE
          ),
          state AS MATERIALIZED (
            SELECT
              l.user_id, l.limit_name, l.tenant_id, a.amount,
              {current}
            FROM locked l
            JOIN ask a ON a.limit_name = l.limit_name
            CROSS JOIN clock c
          ),
          verdict AS MATERIALIZED (
            SELECT bool_and(used + held + amount <= cap) AS allowed
            FROM state
            HAVING count(*) = ?
          ),
          charged AS (
            UPDATE {schema}.user_usage u
            SET
              used = s.used + s.amount,
              cap = s.cap,
              window_start = s.starts,
              window_end = s.ends,
              last_charged_at = c.now
            FROM state s, verdict v, clock c
            WHERE v.allowed
              AND u.user_id = ?
              AND u.limit_name = s.limit_name
          ),
          violated AS (
            INSERT INTO {schema}.quota_violations AS q
              (user_id, minute, limit_name, tenant_id, denials, first_at, last_at, details)
            SELECT
              s.user_id, date_trunc('minute', c.now), s.limit_name, s.tenant_id, 1, c.now, c.now,
              jsonb_build_object(
                'used', trim_scale(s.used / 1e6),
                'held', trim_scale(s.held / 1e6),
                'cap', trim_scale(s.cap / 1e6),
                'requested', trim_scale(s.amount / 1e6),
                'resets_at', s.ends)
            FROM state s, verdict v, clock c
            WHERE NOT v.allowed
              AND s.used + s.held + s.amount > s.cap
            ORDER BY s.limit_name
            ON CONFLICT (user_id, minute, limit_name) DO UPDATE
            SET
              denials = q.denials + 1,
              last_at = greatest(q.last_at, excluded.last_at),
              details = excluded.details
            RETURNING q.limit_name, q.denials
          )
          SELECT s.*, v.allowed, w.denials, c.now
          FROM state s
          CROSS JOIN verdict v
          CROSS JOIN clock c
          LEFT JOIN violated w ON w.limit_name = s.limit_name
          ORDER BY s.limit_name
          """);

  private final String sql;

  ChargeStatement(Schema schema) {
    this.sql = schema.render(CHARGE);
  }

  /**
   * How one limit answered.
   *
   * @param usage before the charge if it was denied, else after it
   * @param requested in millionths
   * @param allowed whether all limits allowed it, the same in each row
   * @param newlyViolated whether this is the minute's first denial by this limit
   * @param at when, by the database's clock
   */
  record Answer(Usage usage, long requested, boolean allowed, boolean newlyViolated, Instant at) {}

  /** One answer per limit in the order of their names, or none when a row is missing. */
  List<Answer> run(Tx tx, UUID userId, Asked asked) {
    return Sql.query(
        tx.connection(),
        sql,
        ChargeStatement::read,
        asked.names(),
        asked.amounts(),
        asked.caps(),
        asked.units(),
        asked.zones(),
        userId,
        asked.names(),
        userId,
        asked.names(),
        tx.tenantId().orElse(null),
        asked.size(),
        asked.size(),
        userId);
  }

  private static Answer read(ResultSet row) throws SQLException {
    boolean allowed = row.getBoolean("allowed");
    long amount = row.getLong("amount");
    return new Answer(
        UsageRow.read(row, allowed ? amount : 0),
        amount,
        allowed,
        row.getLong("denials") == 1,
        Objects.requireNonNull(Sql.instant(row, "now")));
  }
}
