package dev.plinth.jobs.internal;

import dev.plinth.core.tx.DatabaseException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.UUID;

/**
 * The rows of a statement that ends jobs: first the job whose lease went, then the job whose record
 * was written. Leases have no tenant, so under row-level security the one can go without the other,
 * and the job would neither run nor end: then the transaction must not commit.
 */
final class Recorded {
  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  private static final String ROWS =
      """
      SELECT r.id, r.id, {idle limit}
      FROM {recorded} r
      UNION ALL
      SELECT g.job_id, NULL, NULL
      FROM gone g
      WHERE (SELECT count(*) FROM gone) > (SELECT count(*) FROM {recorded})
        AND NOT EXISTS (SELECT FROM {recorded} r WHERE r.id = g.job_id)
      """
          .strip();

  private Recorded() {}

  /**
   * The end of a statement whose rows {@link #id} reads: the leases went in its part {@code gone}.
   * Both parts are joined only where one is missing in the other. Sets the {@link IdleLimit}.
   *
   * @param recorded the part that wrote the records, with their {@code id}
   */
  static String rows(String recorded) {
    return ROWS.replace("{recorded}", recorded).replace("{idle limit}", IdleLimit.SET);
  }

  /** The same for a transaction of the host's, which is left as it is. */
  static String rowsInHostsTransaction(String recorded) {
    return ROWS.replace("{recorded}", recorded).replace("{idle limit}", "NULL::text");
  }

  static UUID id(ResultSet row) throws SQLException {
    UUID ended = row.getObject(1, UUID.class);
    if (row.getObject(2) == null) {
      String why =
          "Row-level security hides job "
              + ended
              + " from this transaction, which must roll back: open it with the job's tenant,"
              + " TxOptions.defaults().withTenant(…), and build Plinth with rowLevelSecurity()";
      throw new DatabaseException(
          why, INSUFFICIENT_PRIVILEGE, new SQLException(why, INSUFFICIENT_PRIVILEGE));
    }
    return ended;
  }
}
