package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthException;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.awaitility.core.ConditionTimeoutException;

/**
 * Jobs that leave a row in a table of the host's each time they have an effect, and what must be
 * true of these rows.
 */
final class Effects {
  private static final RetryPolicy SOON =
      RetryPolicy.defaults()
          .withMaxAttempts(1_000)
          .withDelays(Duration.ofMillis(1), Duration.ofMillis(50));

  /** Its effect commits together with its completion. */
  static final JobType<Number> EXACT = JobType.of("exact", Number.class).withRetryPolicy(SOON);

  /** Its effect commits behind the fence, apart from its completion. */
  static final JobType<Number> FENCED = JobType.of("fenced", Number.class).withRetryPolicy(SOON);

  /** As the exact one, in the second attempt; the first one fails. */
  static final JobType<Number> SECOND = JobType.of("second", Number.class).withRetryPolicy(SOON);

  private Effects() {}

  static void create(Plinth plinth) {
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                "DROP TABLE IF EXISTS effects; CREATE TABLE effects (job uuid, epoch integer)"));
  }

  static JobsBuilder handled(Plinth plinth) {
    return handled(plinth, () -> {});
  }

  /** With something to do after each effect. */
  static JobsBuilder handled(Plinth plinth, Runnable afterEffect) {
    return Jobs.builder(plinth)
        .handle(
            EXACT,
            (args, run) -> {
              exactly(plinth, run);
              afterEffect.run();
            })
        .handle(
            FENCED,
            (args, run) -> {
              plinth.transact(
                  tx -> {
                    run.fence(tx.connection());
                    Sql.update(
                        tx.connection(),
                        "INSERT INTO effects VALUES (?, ?)",
                        run.id().value(),
                        run.epoch());
                  });
              afterEffect.run();
            })
        .handle(
            SECOND,
            (args, run) -> {
              if (run.attempt() == 1) {
                throw new IllegalStateException("the first one fails");
              }
              exactly(plinth, run);
              afterEffect.run();
            })
        .pollInterval(Duration.ofMillis(20));
  }

  static void exactly(Plinth plinth, JobRun run) {
    plinth.transact(
        tx -> {
          Sql.update(
              tx.connection(), "INSERT INTO effects VALUES (?, ?)", run.id().value(), run.epoch());
          run.completeIn(tx);
        });
  }

  static List<Number> numbers(int count) {
    return IntStream.range(0, count).mapToObj(Number::new).toList();
  }

  static long count(Plinth plinth, String sql) {
    return plinth.transactReturning(
        tx -> Sql.query(tx.connection(), sql, row -> row.getLong(1)).get(0));
  }

  /** How many jobs have not ended. */
  static long pending(Plinth plinth) {
    return count(
        plinth, "SELECT count(*) FROM plinth.computational_jobs WHERE completed_at IS NULL");
  }

  /**
   * Waits until every job has ended.
   *
   * @throws AssertionError when that takes longer, with where the others are
   */
  static void awaitEnded(Plinth plinth, Duration atMost) {
    try {
      await()
          .atMost(atMost)
          .pollInterval(Duration.ofMillis(20))
          .ignoreExceptionsInstanceOf(PlinthException.class)
          .until(() -> pending(plinth) == 0);
    } catch (ConditionTimeoutException e) {
      throw new AssertionError("Jobs have not ended: " + places(plinth), e);
    }
  }

  private static String places(Plinth plinth) {
    return plinth.transactReturning(
        tx ->
            String.join(
                "; ",
                Sql.query(
                    tx.connection(),
                    """
                    SELECT (SELECT count(*) FROM plinth.job_ready) || ' ready, '
                      || (SELECT count(*) FROM plinth.job_delayed) || ' delayed, leases: '
                      || coalesce((SELECT string_agg(l::text, ' ') FROM (
                           SELECT l.instance_id, l.claimer, count(*), min(l.claimed_at),
                                  i.ended_at, i.expires_at
                           FROM plinth.job_leases l
                           LEFT JOIN plinth.instances i ON i.id = l.instance_id
                           GROUP BY 1, 2, 5, 6) l), 'none')
                      || ', claimers: ' || coalesce((SELECT string_agg(c::text, ' ')
                           FROM plinth.job_claimers c), 'none') || ', now ' || now()
                    """,
                    row -> row.getString(1))));
  }

  /** Every job has ended well and left its effect: once, or once for each claim. */
  static void areRight(Plinth plinth, JobQueue jobs, long expected) {
    assertThat(jobs.check()).isEmpty();
    assertThat(count(plinth, "SELECT count(*) FROM plinth.computational_jobs")).isEqualTo(expected);
    assertThat(
            count(
                plinth,
                "SELECT count(*) FROM plinth.computational_jobs WHERE status <> 'completed'"))
        .isZero();
    assertThat(
            count(
                plinth,
                """
                SELECT count(*)
                FROM plinth.computational_jobs j
                LEFT JOIN (SELECT job, count(*) AS n FROM effects GROUP BY job) e ON e.job = j.id
                WHERE CASE WHEN j.type = 'fenced' THEN coalesce(e.n, 0) < 1
                           ELSE coalesce(e.n, 0) <> 1 END
                """))
        .as("jobs whose effect is missing or comes twice")
        .isZero();
    assertThat(count(plinth, "SELECT count(*) - count(DISTINCT (job, epoch)) FROM effects"))
        .as("effects that come twice under one claim")
        .isZero();
    assertThat(
            count(
                plinth,
                """
                SELECT (SELECT count(*) FROM plinth.job_ready)
                  + (SELECT count(*) FROM plinth.job_delayed)
                  + (SELECT count(*) FROM plinth.job_leases)
                """))
        .as("rows left in the hot tables")
        .isZero();
  }
}
