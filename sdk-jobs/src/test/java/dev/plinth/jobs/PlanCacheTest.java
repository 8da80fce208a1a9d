package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * What is done to one job at a time is planned once. PostgreSQL plans a prepared statement anew at
 * every execution for as long as it expects less of a plan for these parameters than of one for
 * any, and to plan these statements takes longer than to execute them.
 */
@PlinthTest
class PlanCacheTest {
  private static final int MANY = 20_000;
  private static final int FIRST = 20;

  /**
   * A plan that no longer fits is compared with what the first executions were expected to cost.
   */
  private static final int UNTIL_SETTLED = 150;

  private static final String ONE_BY_ONE = "one by one";

  private static final JobType<Number> EXACT = JobType.of("exact", Number.class);
  private static final JobType<Number> FAILING =
      JobType.of("failing", Number.class)
          .withRetryPolicy(RetryPolicy.defaults().withMaxAttempts(2));

  /** Tables as large as dead rows make them, which is what the planner counts by. */
  private static final String LARGE =
      """
      INSERT INTO plinth.job_leases
        (job_id, epoch, instance_id, claimed_at, queue, priority, type, job_version, attempt, claimer)
      SELECT gen_random_uuid(), 1, gen_random_uuid(), now(), 'default', 0, 'plain', 1, 1,
             gen_random_uuid()
      FROM generate_series(1, 50000);
      DELETE FROM plinth.job_leases;
      ANALYZE plinth.job_leases, plinth.job_ready, plinth.computational_jobs, plinth.job_attempts;
      """;

  @Test
  void statementsOnOneJobAtATime_arePlannedOnce(Jobs inspect, TestDatabase database)
      throws Exception {
    inspect.enqueueAll(
        Kinds.OTHER,
        IntStream.range(0, MANY).mapToObj(Number::new).toList(),
        JobOptions.defaults());
    try (HikariDataSource pool = database.pool(1);
        Plinth plinth = database.plinth(pool).build();
        Jobs jobs =
            Jobs.builder(plinth)
                .handle(EXACT, (number, run) -> plinth.transact(tx -> run.completeIn(tx)))
                .handle(Kinds.PLAIN, (number, run) -> run.progress(1, 2, ONE_BY_ONE))
                .handle(
                    FAILING,
                    (number, run) -> {
                      throw new IllegalStateException(ONE_BY_ONE);
                    })
                .build()) {
      ManualRunner runner = jobs.runManually();
      run(jobs, runner, FIRST);
      plinth.transact(tx -> Sql.execute(tx.connection(), LARGE));
      run(jobs, runner, UNTIL_SETTLED);
      Map<String, Long> before = customPlans(plinth);
      run(jobs, runner, FIRST);

      assertThat(customPlans(plinth))
          .as("how often each statement was planned with its parameters")
          .isEqualTo(before);
    }
  }

  private static void run(Jobs jobs, ManualRunner runner, int times) {
    for (int i = 0; i < times; i++) {
      jobs.enqueue(EXACT, new Number(i));
      jobs.enqueue(Kinds.PLAIN, new Number(i));
      jobs.enqueue(FAILING, new Number(i));
      for (int ran = 0; ran < 3; ran++) {
        assertThat(runner.runOne()).isPresent();
      }
    }
  }

  private static Map<String, Long> customPlans(Plinth plinth) {
    Map<String, Long> plans = new TreeMap<>();
    plinth.transact(
        tx ->
            Sql.query(
                    tx.connection(),
                    "SELECT statement, custom_plans FROM pg_prepared_statements"
                        + " WHERE generic_plans + custom_plans > 20",
                    row -> Map.entry(row.getString(1), row.getLong(2)))
                .forEach(plan -> plans.merge(plan.getKey(), plan.getValue(), Long::sum)));
    return plans;
  }
}
