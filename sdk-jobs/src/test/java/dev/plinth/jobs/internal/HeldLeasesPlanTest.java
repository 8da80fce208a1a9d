package dev.plinth.jobs.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import org.junit.jupiter.api.Test;

@PlinthTest
class HeldLeasesPlanTest {
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
  void hundredsOfLeases_areReachedByKeyAndAddress(Plinth plinth) {
    String statement =
        "EXPLAIN WITH given AS MATERIALIZED (SELECT x AS job_id, 1 AS epoch FROM"
            + " unnest((SELECT array_agg(job_id) FROM plinth.job_claimed)) AS x), {held} DELETE"
            + " FROM {schema}.job_leases l USING held h WHERE l.ctid = h.place";
    plinth.transact(
        tx -> {
          Sql.execute(tx.connection(), FILL);
          Sql.execute(
              tx.connection(),
              "CREATE TABLE plinth.job_claimed AS SELECT job_id FROM plinth.job_leases LIMIT 500");
          for (String held : new String[] {HeldLeases.held(), HeldLeases.heldIfFree()}) {
            String plan =
                String.join(
                    "\n",
                    Sql.query(
                        tx.connection(),
                        plinth.schema().render(statement.replace("{held}", held)),
                        row -> row.getString(1)));
            assertThat(plan)
                .contains("Tid Scan on job_leases")
                .doesNotContain("Seq Scan on job_leases");
          }
          Sql.execute(tx.connection(), "DROP TABLE plinth.job_claimed");
        });
  }
}
