package dev.plinth.quota.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.quota.Usage;
import java.util.List;
import java.util.UUID;

/** How a user stands with every limit, charged before or not. */
final class UsageQuery {
  private static final String USAGE =
      WindowSql.complete(
          """

          SELECT
            a.limit_name, coalesce(s.used, 0) AS used, coalesce(s.held, 0) AS held,
            coalesce(s.cap, a.cap) AS cap, coalesce(s.ends, a.ends) AS ends
          FROM {schema}.users o
          CROSS JOIN ask a
          LEFT JOIN LATERAL (
            SELECT
              {current}
            FROM {schema}.user_usage l
            CROSS JOIN clock c
            WHERE l.user_id = o.id
              AND l.limit_name = a.limit_name
          ) s ON true
          WHERE o.id = ?
            AND o.tenant_id IS NOT DISTINCT FROM ?::text
            AND num_nulls(o.merged_into, o.erased_at) = 2
          ORDER BY a.limit_name COLLATE "C"
          """);

  private final String sql;

  UsageQuery(Schema schema) {
    this.sql = schema.render(USAGE);
  }

  /** One entry per limit, or none when there is no such user. */
  List<Usage> run(Tx tx, UUID userId, Asked all) {
    return Sql.query(
        tx.connection(),
        sql,
        UsageRow::read,
        all.names(),
        all.amounts(),
        all.caps(),
        all.units(),
        all.zones(),
        userId,
        tx.tenantId().orElse(null));
  }
}
