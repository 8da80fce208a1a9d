package dev.plinth.quota.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.UserErased;
import dev.plinth.core.identity.UsersMerged;
import dev.plinth.core.spi.Participation;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.UUID;

/**
 * The part of quotas when users are merged or erased.
 *
 * <p>Exact because the rows of {@code users} are locked when this begins: no usage row can be made
 * for either user any more, and a charge that waits for one which is removed here finds nothing,
 * asks for the user, and is refused.
 */
final class RetiredUsers {
  /** Charges lock a user's rows in the order of the limits' names too. */
  private static final String LOCK =
      """
      SELECT user_id
      FROM {schema}.user_usage
      WHERE user_id IN (?, ?)
      ORDER BY user_id, limit_name
      FOR UPDATE
      """;

  /**
   * Usage of the same window is added up. Of two windows the later one counts: what was used in the
   * other is over. A cap of the taker's own holds; where there is none, that of the other is taken.
   */
  private static final String ADD_USAGE =
      """
      INSERT INTO {schema}.user_usage AS i
        (user_id, limit_name, tenant_id, used, held, cap, cap_overridden, cap_version,
         window_start, window_end, last_charged_at)
      SELECT
        ?, limit_name, tenant_id, used, held, cap, cap_overridden, cap_overridden::integer,
        window_start, window_end, last_charged_at
      FROM {schema}.user_usage
      WHERE user_id = ?
      ORDER BY limit_name
      ON CONFLICT (user_id, limit_name) DO UPDATE
      SET
        used = CASE
          WHEN i.window_end <= excluded.window_start THEN excluded.used
          WHEN excluded.window_end <= i.window_start THEN i.used
          ELSE least(i.used::numeric + excluded.used, {most})::bigint
        END,
        held = least(i.held::numeric + excluded.held, {most})::bigint,
        cap = CASE
          WHEN excluded.cap_overridden AND NOT i.cap_overridden THEN excluded.cap
          ELSE i.cap
        END,
        cap_overridden = i.cap_overridden OR excluded.cap_overridden,
        cap_version =
          i.cap_version + (excluded.cap_overridden AND NOT i.cap_overridden)::integer,
        window_start = greatest(i.window_start, excluded.window_start),
        window_end = greatest(i.window_end, excluded.window_end),
        last_charged_at = greatest(i.last_charged_at, excluded.last_charged_at)
      """;

  /** Every cap that is in force stands in the history of whoever has it. */
  private static final String RECORD_CAPS =
      """
      INSERT INTO {schema}.quota_overrides
        (user_id, limit_name, version, tenant_id, cap, created_at)
      SELECT u.user_id, u.limit_name, u.cap_version, u.tenant_id, u.cap, {now}
      FROM {schema}.user_usage u
      WHERE u.user_id = ?
        AND u.cap_overridden
      ON CONFLICT (user_id, limit_name, version) DO NOTHING
      """;

  private static final String ADD_VIOLATIONS =
      """
      INSERT INTO {schema}.quota_violations AS i
        (user_id, minute, limit_name, tenant_id, denials, first_at, last_at, details)
      SELECT ?, minute, limit_name, tenant_id, denials, first_at, last_at, details
      FROM {schema}.quota_violations
      WHERE user_id = ?
      ORDER BY minute, limit_name
      ON CONFLICT (user_id, minute, limit_name) DO UPDATE
      SET
        denials = i.denials + excluded.denials,
        first_at = least(i.first_at, excluded.first_at),
        last_at = greatest(i.last_at, excluded.last_at),
        details = CASE WHEN i.last_at >= excluded.last_at THEN i.details ELSE excluded.details END
      """;

  private static final String DROP_USAGE =
      """
      DELETE FROM {schema}.user_usage
      WHERE user_id = ?
      """;

  private static final String DROP_VIOLATIONS =
      """
      DELETE FROM {schema}.quota_violations
      WHERE user_id = ?
      """;

  private static final String DROP_OVERRIDES =
      """
      DELETE FROM {schema}.quota_overrides
      WHERE user_id = ?
      """;

  private final Schema schema;

  private RetiredUsers(Schema schema) {
    this.schema = schema;
  }

  static void subscribe(Plinth plinth, String module) {
    RetiredUsers part = new RetiredUsers(plinth.schema());
    Participation.inTransaction(
        plinth,
        module,
        UsersMerged.class,
        (tx, event) -> part.merge(tx, event.from(), event.into()));
    Participation.inTransaction(
        plinth, module, UserErased.class, (tx, event) -> part.erase(tx, event.userId()));
  }

  private void merge(Tx tx, UUID from, UUID into) {
    Sql.query(tx.connection(), schema.render(LOCK), row -> true, from, into);
    run(tx, ADD_USAGE, into, from);
    run(tx, RECORD_CAPS, into);
    run(tx, ADD_VIOLATIONS, into, from);
    run(tx, DROP_USAGE, from);
    run(tx, DROP_VIOLATIONS, from);
  }

  /** Nothing of it is of use without the user. */
  private void erase(Tx tx, UUID user) {
    run(tx, DROP_USAGE, user);
    run(tx, DROP_OVERRIDES, user);
    run(tx, DROP_VIOLATIONS, user);
  }

  private void run(Tx tx, String sql, Object... parameters) {
    Sql.update(
        tx.connection(),
        schema.render(sql.replace("{most}", Long.toString(Long.MAX_VALUE))),
        parameters);
  }
}
