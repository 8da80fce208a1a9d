package dev.plinth.quota.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.UUID;

/**
 * Gives and takes caps of a user's own. The usage row hands out the version under its lock, so that
 * two administrators at once make two versions.
 */
final class CapStatements {
  private static final String SET =
      """
      WITH owner AS MATERIALIZED (
        SELECT id, tenant_id
        FROM {schema}.users
        WHERE id = ?
          AND tenant_id IS NOT DISTINCT FROM ?::text
          AND num_nulls(merged_into, erased_at) = 2
        FOR KEY SHARE
      ),
      capped AS (
        INSERT INTO {schema}.user_usage AS u
          (user_id, limit_name, tenant_id, cap, cap_overridden, cap_version)
        SELECT id, ?, tenant_id, ?, true, 1
        FROM owner
        ON CONFLICT (user_id, limit_name) DO UPDATE
        SET cap = excluded.cap, cap_overridden = true, cap_version = u.cap_version + 1
        RETURNING u.*
      )
      INSERT INTO {schema}.quota_overrides
        (user_id, limit_name, version, tenant_id, cap, created_at)
      SELECT user_id, limit_name, cap_version, tenant_id, cap, {now}
      FROM capped
      """;

  private static final String CLEAR =
      """
      WITH cleared AS (
        UPDATE {schema}.user_usage u
        SET cap = ?, cap_overridden = false, cap_version = u.cap_version + 1
        WHERE u.user_id = ?
          AND u.limit_name = ?
          AND u.tenant_id IS NOT DISTINCT FROM ?::text
          AND u.cap_overridden
        RETURNING u.*
      )
      INSERT INTO {schema}.quota_overrides
        (user_id, limit_name, version, tenant_id, cap, created_at)
      SELECT user_id, limit_name, cap_version, tenant_id, NULL, {now}
      FROM cleared
      """;

  private final String set;
  private final String clear;

  CapStatements(Schema schema) {
    this.set = schema.render(SET);
    this.clear = schema.render(CLEAR);
  }

  /** False when there is no such user. */
  boolean set(Tx tx, UUID userId, String limit, long cap) {
    return Sql.update(tx.connection(), set, userId, tx.tenantId().orElse(null), limit, cap) == 1;
  }

  /** False when the user had no cap of their own. */
  boolean clear(Tx tx, UUID userId, String limit, long catalogueCap) {
    return Sql.update(
            tx.connection(), clear, catalogueCap, userId, limit, tx.tenantId().orElse(null))
        == 1;
  }
}
