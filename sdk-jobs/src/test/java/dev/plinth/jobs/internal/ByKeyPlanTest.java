package dev.plinth.jobs.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.test.PlinthTest;
import org.junit.jupiter.api.Test;

@PlinthTest
class ByKeyPlanTest {
  /** Many pages: that most rows could be dead makes no difference to the planner. */
  private static final String FILL =
      """
      INSERT INTO plinth.job_leases
        (job_id, epoch, instance_id, claimed_at, queue, priority, type, job_version, attempt,
         claimer)
      SELECT gen_random_uuid(), 1, gen_random_uuid(), now(), 'default', 0, 'plain', 1, 1,
             gen_random_uuid()
      FROM generate_series(1, 50000);
      ANALYZE plinth.job_leases;
      """;

  @Test
  void hundredsOfLeases_areReachedByKey(Plinth plinth) {
    plinth.transact(
        tx -> {
          Sql.execute(tx.connection(), FILL);
          String given =
              "EXPLAIN WITH given AS MATERIALIZED (SELECT x AS job_id, 1 AS epoch FROM unnest('"
                  + claimed(tx)
                  + "'::uuid[]) AS x) DELETE FROM plinth.job_leases l USING given g WHERE ";
          assertThat(plan(tx, given + "l.job_id = g.job_id AND l.epoch = g.epoch"))
              .contains("Seq Scan on job_leases");
          assertThat(plan(tx, given + ByKey.lease("l", "g")))
              .contains("Index Scan using job_leases_pkey on job_leases")
              .doesNotContain("Seq Scan on job_leases");
        });
  }

  private static String claimed(Tx tx) {
    return Sql.query(
            tx.connection(),
            "SELECT array_agg(job_id)::text FROM (SELECT job_id FROM plinth.job_leases LIMIT 500) l",
            row -> row.getString(1))
        .get(0);
  }

  private static String plan(Tx tx, String statement) {
    return String.join("\n", Sql.query(tx.connection(), statement, row -> row.getString(1)));
  }
}
