package dev.plinth.quota.internal;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.quota.Check;
import dev.plinth.quota.Decision;
import dev.plinth.quota.QuotaViolated;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** Writes a denial down again whose own record was rolled back; folded in the same way. */
final class ViolationRecord {
  private static final String RECORD =
      """
      WITH owner AS MATERIALIZED (
        SELECT id, tenant_id
        FROM {schema}.users
        WHERE id = ?
          AND tenant_id IS NOT DISTINCT FROM ?::text
          AND num_nulls(merged_into, erased_at) = 2
        FOR KEY SHARE
      )
      INSERT INTO {schema}.quota_violations AS q
        (user_id, minute, limit_name, tenant_id, denials, first_at, last_at, details)
      SELECT
        o.id, date_trunc('minute', ?::timestamptz), a.limit_name, o.tenant_id, 1, ?, ?,
        a.details::jsonb
      FROM owner o, unnest(?::text[], ?::text[]) AS a (limit_name, details)
      ORDER BY a.limit_name COLLATE "C"
      ON CONFLICT (user_id, minute, limit_name) DO UPDATE
      SET
        denials = q.denials + 1,
        first_at = least(q.first_at, excluded.first_at),
        last_at = greatest(q.last_at, excluded.last_at),
        details = excluded.details
      """;

  private final String sql;

  ViolationRecord(Schema schema) {
    this.sql = schema.render(RECORD);
  }

  /** False when there is no such user. */
  boolean run(Tx tx, Decision.Denied denied) {
    UUID userId = denied.userId();
    Instant at = denied.at();
    List<Check> exceeded = denied.exceeded();
    return Sql.update(
            tx.connection(),
            sql,
            userId,
            tx.tenantId().orElse(null),
            at,
            at,
            at,
            exceeded.stream().map(check -> check.usage().limit()).toArray(String[]::new),
            exceeded.stream()
                .map(check -> new QuotaViolated(userId, check).fact().details())
                .map(Json::text)
                .toArray(String[]::new))
        > 0;
  }
}
