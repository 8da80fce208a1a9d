package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.UUID;

/** Sends jobs back to the gate that were let through without being counted, or as others. */
final class MendLimits {
  private static final String BACK =
      """
      WITH gone AS (
        DELETE FROM {schema}.job_ready r
        WHERE r.job_id IN (
          SELECT x.job_id
          FROM {schema}.job_ready x
          WHERE x.job_id = ?
            AND NOT EXISTS (
              SELECT
              FROM {schema}.job_groups g
              WHERE g.id = x.group_id
                AND g.queue = x.queue
                AND g.type = x.type)
          FOR UPDATE SKIP LOCKED)
        RETURNING r.*
      ), told AS MATERIALIZED (
        SELECT g.*, j.limit_key, j.user_id
        FROM gone g
        LEFT JOIN {schema}.computational_jobs j ON j.id = g.job_id
      )
      """;
  private static final String GONE = "SELECT g.job_id FROM gone g";
  private static final String LEASED =
      """
      SELECT l.job_id
      FROM {schema}.job_leases l
      WHERE l.job_id = ?
      """;

  private final String back;
  private final String leased;
  private final GateHints gateHints;

  MendLimits(Schema schema, GateHints gateHints) {
    this.back = schema.render(BACK + Parking.place("told", "r.job_id") + GONE);
    this.leased = schema.render(LEASED);
    this.gateHints = gateHints;
  }

  /** A job that is not counted as what it is. */
  Mend.Mended recounted(Tx tx, UUID job) {
    if (Sql.first(tx.connection(), back, row -> true, job).isPresent()) {
      gateHints.parked(tx);
      return Mend.Mended.mended("It waits at the gate again, if a limit counts it");
    }
    return Sql.first(tx.connection(), leased, row -> true, job).isPresent()
        ? Mend.Mended.left("It runs: it is counted rightly when it has ended or comes again")
        : Mend.Mended.gone();
  }
}
