package dev.plinth.quota.internal;

import dev.plinth.core.spi.Restoring;

/**
 * Quotas in a restored database. What was used in the time that was lost is not known here, so
 * usage stays as the backup has it; but a cap of a user's own must be the one that the history of
 * caps says, also when one of the two tables was restored by itself.
 */
final class QuotaAfterRestore {
  private static final String CAPS =
      """
      UPDATE {schema}.user_usage u
      SET cap = coalesce(o.cap, u.cap),
          cap_overridden = o.cap IS NOT NULL,
          cap_version = o.version
      FROM (
        SELECT DISTINCT ON (user_id, limit_name) user_id, limit_name, version, cap
        FROM {schema}.quota_overrides
        ORDER BY user_id, limit_name, version DESC
      ) o
      WHERE u.user_id = o.user_id
        AND u.limit_name = o.limit_name
        AND (u.cap_version < o.version
          OR u.cap_version = o.version
            AND (u.cap_overridden <> (o.cap IS NOT NULL)
              OR u.cap_overridden AND u.cap <> o.cap))
      """;

  private QuotaAfterRestore() {}

  static void run(Restoring restoring) {
    restoring.change("caps set as their history says", CAPS);
  }
}
