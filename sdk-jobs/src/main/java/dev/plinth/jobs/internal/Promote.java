package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;

/** Makes delayed jobs ready when their time has come, by the database's clock. */
final class Promote implements Sweep {
  private static final int AT_ONCE = 1_000;
  private static final String PROMOTE =
      """
      WITH due AS MATERIALIZED (
        SELECT d.job_id
        FROM {schema}.job_delayed d
        WHERE d.run_at <= {now}
        ORDER BY d.run_at
        LIMIT ?
        FOR UPDATE SKIP LOCKED
      ), gone AS (
        DELETE FROM {schema}.job_delayed d
        USING due
        WHERE d.job_id = due.job_id
        RETURNING d.*
      )
      INSERT INTO {schema}.job_ready
        (job_id, queue, priority, type, job_version, epoch, attempt)
      SELECT g.job_id, g.queue, g.priority, g.type, g.job_version, g.epoch, g.attempt
      FROM gone g
      ORDER BY g.run_at, g.job_id
      """;

  private final String promote;

  Promote(Schema schema) {
    this.promote = schema.render(PROMOTE);
  }

  @Override
  public boolean chunk(Tx tx) {
    return Sql.update(tx.connection(), promote, AT_ONCE) == AT_ONCE;
  }
}
