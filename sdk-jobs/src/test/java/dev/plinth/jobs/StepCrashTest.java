package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A process is killed at each boundary of a run's steps, and another one finishes the run. */
@Tag("proof")
@PlinthTest(durable = true)
class StepCrashTest {
  private static final Duration TIME_TO_LIVE = Duration.ofSeconds(1);

  /** Where the process stands still and is killed. */
  enum Point {
    BEFORE_ALL,
    IN_BODY,
    AFTER_STEP,
    IN_TRANSACTION,
    AFTER_TRANSACTION,
    BEFORE_END
  }

  private static JobType<Number> kind(Point point) {
    return JobType.of("steps-" + point, Number.class);
  }

  /**
   * Two steps: what a plain body does is written by itself, what the other does with its record.
   */
  static void handler(Plinth plinth, JobRun run, Point point, Runnable stop) throws Exception {
    stopAt(Point.BEFORE_ALL, point, stop);
    String first =
        run.step(
            "plain",
            String.class,
            () -> {
              plinth.transact(tx -> effect(tx.connection(), run, "plain"));
              stopAt(Point.IN_BODY, point, stop);
              return UUID.randomUUID().toString();
            });
    stopAt(Point.AFTER_STEP, point, stop);
    String second =
        run.stepIn(
            "exact",
            String.class,
            tx -> {
              effect(tx.connection(), run, "exact");
              stopAt(Point.IN_TRANSACTION, point, stop);
              return first;
            });
    stopAt(Point.AFTER_TRANSACTION, point, stop);
    assertThat(second).isEqualTo(first);
    run.step("last", String.class, () -> second);
    stopAt(Point.BEFORE_END, point, stop);
  }

  private static void stopAt(Point here, Point point, Runnable stop) {
    if (here == point) {
      stop.run();
    }
  }

  private static void effect(Connection connection, JobRun run, String step) {
    Sql.update(connection, "INSERT INTO effects VALUES (?, ?)", run.id().value(), step);
  }

  /** Stands still at every point at once, each in a job of its own. */
  static final class Stuck {
    public static void main(String[] args) throws InterruptedException {
      TestDatabase database = TestDatabase.attach(args[0]);
      Plinth plinth = database.plinth(database.pool(12)).instanceTimeToLive(TIME_TO_LIVE).build();
      JobsBuilder builder = Jobs.builder(plinth).pollInterval(Duration.ofMillis(50));
      for (Point point : Point.values()) {
        builder.handle(
            kind(point),
            (number, run) -> handler(plinth, run, point, () -> standStill("at " + point)));
      }
      builder.build().start();
      new CountDownLatch(1).await();
    }

    private static void standStill(String where) {
      ForkedJvm.report(where);
      ForkedJvm.awaitOrder("never");
    }
  }

  @Test
  void killedAtEachBoundary_completedStepsAreKeptAndEffectsWithTheirStepComeOnce(
      Plinth plinth, Jobs inspect, TestDatabase database) {
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                "DROP TABLE IF EXISTS effects; CREATE TABLE effects (job uuid, step text)"));
    Map<Point, JobId> jobs = new EnumMap<>(Point.class);
    for (Point point : Point.values()) {
      jobs.put(point, inspect.enqueue(kind(point), new Number(1)));
    }
    Map<Point, String> recorded = new EnumMap<>(Point.class);
    try (ForkedJvm stuck = ForkedJvm.start(Stuck.class, database.url())) {
      // In whatever order the workers come to it.
      Set<String> reached = new HashSet<>();
      while (reached.size() < Point.values().length) {
        reached.add(stuck.await("at "));
      }
      jobs.forEach((point, id) -> recorded.put(point, output(inspect, id)));
      stuck.kill();
    }
    assertThat(inspect.steps(jobs.get(Point.BEFORE_ALL))).isEmpty();
    await()
        .untilAsserted(
            () ->
                assertThat(inspect.find(jobs.get(Point.IN_BODY)).orElseThrow().status())
                    .isEqualTo(JobStatus.RUNNING));

    try (Plinth heir = database.plinth(database.pool(12)).instanceTimeToLive(TIME_TO_LIVE).build();
        Jobs heirs = heirs(heir)) {
      heirs.start();
      jobs.forEach(
          (point, id) ->
              await().until(() -> inspect.find(id).orElseThrow().status() == JobStatus.COMPLETED));
    }

    jobs.forEach(
        (point, id) -> {
          assertThat(effects(plinth, id, "exact")).as("exact effects, %s", point).isEqualTo(1);
          assertThat(effects(plinth, id, "plain"))
              .as("plain effects, %s", point)
              .isEqualTo(point == Point.IN_BODY ? 2 : 1);
          assertThat(inspect.steps(id))
              .as("steps, %s", point)
              .extracting(JobStep::name)
              .containsExactly("plain", "exact", "last");
          assertThat(inspect.steps(id))
              .allSatisfy(step -> assertThat(step.status()).isEqualTo(JobStep.Status.COMPLETED));
          if (point.compareTo(Point.AFTER_STEP) >= 0) {
            assertThat(output(inspect, id)).as("output, %s", point).isEqualTo(recorded.get(point));
          }
        });
    assertThat(inspect.steps(jobs.get(Point.IN_BODY)).get(0).retries()).isEqualTo(1);
    assertThat(inspect.check()).isEmpty();
  }

  private static Jobs heirs(Plinth heir) {
    JobsBuilder builder = Jobs.builder(heir).pollInterval(Duration.ofMillis(50));
    for (Point point : Point.values()) {
      builder.handle(kind(point), (number, run) -> handler(heir, run, point, () -> {}));
    }
    return builder.build();
  }

  private static String output(Jobs inspect, JobId id) {
    return inspect.steps(id).stream()
        .filter(step -> step.name().equals("plain") && step.output() != null)
        .map(JobStep::output)
        .map(Json::text)
        .findFirst()
        .orElse("none");
  }

  private static long effects(Plinth plinth, JobId id, String step) {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    "SELECT count(*) FROM effects WHERE job = ? AND step = ?",
                    row -> row.getLong(1),
                    id.value(),
                    step)
                .get(0));
  }
}
