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
          AND d.run_at >= COALESCE(?::timestamptz, '-infinity')
        ORDER BY d.run_at
        LIMIT ?
        FOR UPDATE SKIP LOCKED
      ), gone AS (
        DELETE FROM {schema}.job_delayed d
        USING due
        WHERE {delayed}
        RETURNING d.*
      ), told AS MATERIALIZED (
        SELECT g.*, j.limit_key, j.user_id
        FROM gone g
        LEFT JOIN {schema}.computational_jobs j
          ON {record}
         AND EXISTS (SELECT FROM {schema}.job_limits)
      )
      """
          .replace("{delayed}", ByKey.equal("d.job_id", "due.job_id"))
          .replace("{record}", ByKey.equal("j.id", "g.job_id"));
  private static final String COUNT =
      """
      SELECT (SELECT count(*) FROM gone) AS gone, (SELECT count(*) FROM parked) AS parked
      """;

  private final String promote;
  private final GateHints gateHints;
  private final DelayedMark mark;

  Promote(Schema schema, GateHints gateHints) {
    this.mark = new DelayedMark(schema);
    this.promote = schema.render(PROMOTE + Parking.place("told", "r.run_at, r.job_id") + COUNT);
    this.gateHints = gateHints;
  }

  private record Promoted(int jobs, int parked) {}

  @Override
  public boolean chunk(Tx tx) {
    if (!mark.look(tx)) {
      return false;
    }
    Promoted promoted =
        Sql.query(
                tx.connection(),
                promote,
                row -> new Promoted(row.getInt("gone"), row.getInt("parked")),
                mark.oldest(),
                AT_ONCE)
            .get(0);
    if (promoted.parked() > 0) {
      gateHints.parked(tx);
    }
    return promoted.jobs() == AT_ONCE;
  }
}
