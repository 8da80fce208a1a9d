package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.UUID;

/** Settles what jobs wait for, as the chores should have done. */
final class MendGraph {
  private static final String ORPHANS =
      """
      DELETE FROM {schema}.job_edges e
      WHERE e.job_id = ?
        AND NOT EXISTS (SELECT FROM {schema}.job_waiting w WHERE w.job_id = e.job_id)
      """;
  private static final String LOOK =
      """
      SELECT v.job_id, v.parent_id, v.status, v.verdict
      FROM (
        SELECT e.job_id, e.parent_id, p.status, {verdict} AS verdict
        FROM {schema}.job_edges e
        {parent}
        WHERE e.job_id = ?
      ) v
      WHERE v.verdict IS NOT NULL
      """;

  private final String orphans;
  private final String look;
  private final Settle settle;

  MendGraph(Schema schema, Settle settle) {
    this.orphans = schema.render(ORPHANS);
    this.look = schema.render(Settle.looking(LOOK));
    this.settle = settle;
  }

  /** Edges of a job that does not wait. */
  Mend.Mended orphans(Tx tx, UUID job) {
    return Sql.update(tx.connection(), orphans, job) > 0
        ? Mend.Mended.mended("It waits for nothing, as it should")
        : Mend.Mended.gone();
  }

  /** A job that waits though all that it waits for has ended. */
  Mend.Mended settled(Tx tx, UUID job) {
    boolean held =
        !settle.edges(tx, Sql.query(tx.connection(), look, Settle.Verdict::of, job)).isEmpty();
    settle.idle(tx, List.of(job));
    return held
        ? Mend.Mended.left("Somebody is just settling what it waits for; check again")
        : Mend.Mended.mended("What it waited for is settled");
  }
}
