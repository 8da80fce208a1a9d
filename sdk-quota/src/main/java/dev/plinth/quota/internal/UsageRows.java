package dev.plinth.quota.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.UUID;

/**
 * Makes the rows of a user's first charge. Made by another at the same time, they are found made;
 * the user's own row is locked meanwhile, so that its deletion cannot break the foreign key and
 * abort a host's transaction.
 */
final class UsageRows {
  private static final String CREATE =
      """
      WITH owner AS MATERIALIZED (
        SELECT id, tenant_id
        FROM {schema}.users
        WHERE id = ?
          AND tenant_id IS NOT DISTINCT FROM ?::text
          AND num_nulls(merged_into, erased_at) = 2
        FOR KEY SHARE
      ),
      added AS (
        INSERT INTO {schema}.user_usage (user_id, limit_name, tenant_id, cap)
        SELECT o.id, a.limit_name, o.tenant_id, a.cap
        FROM owner o, unnest(?::text[], ?::bigint[]) AS a (limit_name, cap)
        ORDER BY a.limit_name COLLATE "C"
        ON CONFLICT (user_id, limit_name) DO NOTHING
      )
      SELECT id FROM owner
      """;

  private final String sql;

  UsageRows(Schema schema) {
    this.sql = schema.render(CREATE);
  }

  /** False when there is no such user. */
  boolean create(Tx tx, UUID userId, Asked asked) {
    return Sql.first(
            tx.connection(),
            sql,
            row -> row.getObject(1, UUID.class),
            userId,
            tx.tenantId().orElse(null),
            asked.names(),
            asked.caps())
        .isPresent();
  }
}
