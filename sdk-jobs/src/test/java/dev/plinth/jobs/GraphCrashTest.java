package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A random graph over two processes that are killed again and again. */
@Tag("proof")
@PlinthTest(durable = true)
class GraphCrashTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int NODES = LARGE ? 2_000 : 400;
  private static final int KILLS = LARGE ? 20 : 4;
  private static final Duration TIME_TO_LIVE = Duration.ofSeconds(1);
  private static final JobType<Number> NODE =
      JobType.of("node", Number.class).withRetryPolicy(RetryPolicy.defaults().withMaxAttempts(100));

  /** Fails for good, whatever its attempts. */
  private static final JobType<Number> FAILING =
      JobType.of("failing", Number.class)
          .withRetryPolicy(
              RetryPolicy.defaults().withMaxAttempts(100).withRetryable(failure -> false));

  /** Notes every parent that has not ended when a job begins, and every effect. */
  static Jobs runner(Plinth plinth) {
    return Jobs.builder(plinth)
        .handle(NODE, (args, run) -> plinth.transact(tx -> begun(tx.connection(), run, true)))
        .handle(
            FAILING,
            (args, run) -> {
              plinth.transact(tx -> begun(tx.connection(), run, false));
              throw new IllegalStateException("as it is to");
            })
        .workers(8)
        .pollInterval(Duration.ofMillis(50))
        .build();
  }

  private static void begun(Connection connection, JobRun run, boolean fenced) {
    if (fenced) {
      run.fence(connection);
    }
    Sql.update(
        connection,
        """
        INSERT INTO begun
        SELECT ?, count(*)
        FROM edges e
        JOIN plinth.computational_jobs p ON p.id = e.parent
        WHERE e.job = ?
          AND CASE WHEN e.on_failure = 'run' THEN p.status = 'pending' ELSE p.status <> 'completed' END
        """,
        run.id().value(),
        run.id().value());
  }

  /** A process that runs jobs until it is killed. */
  static final class Node {
    public static void main(String[] args) throws InterruptedException {
      TestDatabase database = TestDatabase.attach(args[0]);
      Plinth plinth = database.plinth(database.pool(5)).instanceTimeToLive(TIME_TO_LIVE).build();
      runner(plinth).start();
      ForkedJvm.report("started");
      new CountDownLatch(1).await();
    }
  }

  @Test
  void randomGraph_nodesKilled_everyJobRunsAfterItsParentsOrIsCancelled(
      Plinth plinth, Jobs inspect, TestDatabase database) {
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                """
                DROP TABLE IF EXISTS edges, begun;
                CREATE TABLE edges (job uuid, parent uuid, on_failure text);
                CREATE INDEX ON edges (job);
                CREATE TABLE begun (job uuid, early bigint)
                """));
    Random random = new Random(20261129);
    JobGraph graph = random(random);
    Map<String, JobId> ids = inspect.enqueue(graph);
    plinth.transact(
        tx -> {
          for (JobGraph.Edge edge : graph.edges()) {
            Sql.update(
                tx.connection(),
                "INSERT INTO edges VALUES (?, ?, ?)",
                ids.get(edge.to()).value(),
                ids.get(edge.from()).value(),
                edge.onFailure());
          }
        });

    for (int kill = 0; kill < KILLS; kill++) {
      try (ForkedJvm one = ForkedJvm.start(Node.class, database.url());
          ForkedJvm two = ForkedJvm.start(Node.class, database.url())) {
        one.await("started");
        two.await("started");
        await().pollDelay(Duration.ofMillis(1 + random.nextInt(200))).until(() -> true);
        one.kill();
        await().pollDelay(Duration.ofMillis(1 + random.nextInt(100))).until(() -> true);
        two.kill();
      }
    }
    try (Plinth last = database.plinth(database.pool(8)).instanceTimeToLive(TIME_TO_LIVE).build();
        Jobs survivors = runner(last)) {
      survivors.start();
      await().atMost(Duration.ofMinutes(3)).until(() -> count(plinth, PENDING) == 0);
    }

    assertThat(count(plinth, "SELECT count(*) FROM begun WHERE early > 0")).isZero();
    assertThat(count(plinth, "SELECT count(DISTINCT job) FROM begun"))
        .isEqualTo(
            count(
                plinth,
                "SELECT count(*) FROM plinth.computational_jobs WHERE status <> 'cancelled'"));
    assertThat(count(plinth, WRONGLY_CANCELLED)).isZero();
    assertThat(
            count(
                plinth,
                "SELECT count(*) FROM begun b JOIN plinth.computational_jobs j ON j.id = b.job"
                    + " WHERE j.status = 'cancelled'"))
        .isZero();
    assertThat(
            count(
                plinth,
                "SELECT count(*) FROM plinth.computational_jobs WHERE status = 'completed'"))
        .isGreaterThan(NODES / 4);
    assertThat(count(plinth, "SELECT count(*) FROM plinth.job_edges")).isZero();
    assertThat(inspect.check()).isEmpty();
  }

  private static final String PENDING =
      "SELECT count(*) FROM plinth.computational_jobs WHERE status = 'pending'";

  /** Cancelled if and only if a parent did not complete that it could not do without. */
  private static final String WRONGLY_CANCELLED =
      """
      SELECT count(*)
      FROM plinth.computational_jobs j
      WHERE (j.status = 'cancelled') <> EXISTS (
        SELECT FROM edges e
        JOIN plinth.computational_jobs p ON p.id = e.parent
        WHERE e.job = j.id
          AND e.on_failure = 'cancel'
          AND p.status <> 'completed')
      """;

  /** Each job waits for up to four of those before it; one in fifty fails. */
  private static JobGraph random(Random random) {
    JobGraph graph = JobGraph.create();
    for (int i = 0; i < NODES; i++) {
      graph.add("n" + i, random.nextInt(50) == 0 ? FAILING : NODE, new Number(i));
    }
    for (int i = 1; i < NODES; i++) {
      String job = "n" + i;
      random
          .ints(random.nextInt(5), Math.max(0, i - 60), i)
          .distinct()
          .forEach(
              parent ->
                  graph.edge(
                      "n" + parent,
                      job,
                      random.nextInt(10) == 0 ? OnFailure.CANCEL : OnFailure.RUN));
    }
    return graph;
  }

  private static long count(Plinth plinth, String sql) {
    return plinth.transactReturning(
        tx -> Sql.query(tx.connection(), sql, row -> row.getLong(1)).get(0));
  }
}
