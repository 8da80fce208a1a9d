package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/** Counts what limits count: jobs that run, and those that were let through and not claimed. */
final class HotCounts {
  // In one statement, since a claim or a release moves a job from one table to the other.
  private static final String COUNT =
      """
      SELECT g.queue, g.user_id, g.type, g.limit_key,
             sum(h.ready)::integer AS ready, sum(h.leased)::integer AS leased
      FROM (
        SELECT r.group_id, count(*) AS ready, 0 AS leased
        FROM {schema}.job_ready r
        WHERE r.group_id IS NOT NULL
        GROUP BY r.group_id
        UNION ALL
        SELECT l.group_id, 0, count(*)
        FROM {schema}.job_leases l
        WHERE l.group_id IS NOT NULL
        GROUP BY l.group_id
      ) h
      JOIN {schema}.job_groups g ON g.id = h.group_id
      GROUP BY g.queue, g.user_id, g.type, g.limit_key
      """;
  private static final String WITHOUT_GROUP =
      """
      SELECT h.queue, COALESCE(j.user_id, '00000000-0000-0000-0000-000000000000') AS user_id,
             h.type, COALESCE(j.limit_key, '') AS limit_key, 0 AS ready, count(*)::integer AS leased
      FROM {schema}.job_leases h
      JOIN {schema}.computational_jobs j ON j.id = h.job_id
      WHERE h.group_id IS NULL
        AND EXISTS (SELECT FROM {schema}.job_limits l WHERE {counting})
      GROUP BY 1, 2, 3, 4
      """;

  private final String count;
  private final String withoutGroup;

  HotCounts(Schema schema) {
    this.count = schema.render(COUNT);
    this.withoutGroup =
        schema.render(
            WITHOUT_GROUP.replace(
                "{counting}", Parking.counting("h.queue", "h.type", "j.limit_key")));
  }

  /** Those that the gatekeeper let through. */
  List<Gates.Count> read(Tx tx) {
    return Sql.query(tx.connection(), count, HotCounts::count);
  }

  /** Those that run and were claimed before a limit counted them. */
  List<Gates.Count> withoutGroup(Tx tx) {
    return Sql.query(tx.connection(), withoutGroup, HotCounts::count);
  }

  private static Gates.Count count(ResultSet row) throws SQLException {
    return new Gates.Count(
        row.getString("queue"),
        row.getObject("user_id", UUID.class),
        row.getString("type"),
        row.getString("limit_key"),
        row.getInt("ready"),
        row.getInt("leased"));
  }
}
