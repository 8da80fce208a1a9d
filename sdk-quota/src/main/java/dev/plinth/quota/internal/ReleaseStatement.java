package dev.plinth.quota.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.quota.Released;
import java.util.List;
import java.util.UUID;

/** Gives gauges back, down to zero; locks rows in the same order as a charge. */
final class ReleaseStatement {
  private static final String RELEASE =
      """
      WITH ask AS MATERIALIZED (
        SELECT * FROM unnest(?::text[], ?::bigint[]) AS a (limit_name, amount)
      ),
      locked AS MATERIALIZED (
        SELECT u.limit_name, u.used
        FROM {schema}.user_usage u
        WHERE u.user_id = ?
          AND u.limit_name = ANY (?)
          AND u.tenant_id IS NOT DISTINCT FROM ?::text
        ORDER BY u.limit_name
        FOR NO KEY UPDATE
      ),
      state AS MATERIALIZED (
        SELECT l.limit_name, least(l.used, a.amount) AS released, l.used - least(l.used, a.amount) AS used
        FROM locked l
        JOIN ask a ON a.limit_name = l.limit_name
      ),
      given AS (
        UPDATE {schema}.user_usage u
        SET used = s.used, last_charged_at = {now}
        FROM state s
        WHERE u.user_id = ?
          AND u.limit_name = s.limit_name
          AND s.released > 0
      )
      SELECT a.limit_name, coalesce(s.released, 0) AS released, coalesce(s.used, 0) AS used
      FROM ask a
      LEFT JOIN state s ON s.limit_name = a.limit_name
      ORDER BY a.limit_name COLLATE "C"
      """;

  private final String sql;

  ReleaseStatement(Schema schema) {
    this.sql = schema.render(RELEASE);
  }

  List<Released> run(Tx tx, UUID userId, Asked asked) {
    return Sql.query(
        tx.connection(),
        sql,
        row ->
            new Released(
                row.getString("limit_name"),
                Micros.toUnits(row.getLong("released")),
                Micros.toUnits(row.getLong("used"))),
        asked.names(),
        asked.amounts(),
        userId,
        asked.names(),
        tx.tenantId().orElse(null),
        userId);
  }
}
