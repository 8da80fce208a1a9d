package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.jobs.Boundary;
import dev.plinth.test.jobs.Crash;
import dev.plinth.test.jobs.CrashKit;
import dev.plinth.test.jobs.CrashReport;
import dev.plinth.test.jobs.CrashScenario;
import java.util.List;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A process that runs jobs dies at every boundary, is stopped past its lease there, and has its
 * session ended there; and the kit finds the mistakes that it is there for.
 */
@Tag("proof")
class CrashKitTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int BOUNDARIES = LARGE ? 1_000 : 6;
  private static final RetryPolicy MANY = RetryPolicy.defaults().withMaxAttempts(100);

  static final JobType<Number> EXACT = JobType.of("exact", Number.class).withRetryPolicy(MANY);
  static final JobType<Number> FENCED = JobType.of("fenced", Number.class).withRetryPolicy(MANY);
  static final JobType<Number> FLAKY = JobType.of("flaky", Number.class).withRetryPolicy(MANY);
  static final JobType<Number> ONCE =
      JobType.of("once", Number.class).withRetryPolicy(RetryPolicy.never());
  static final JobType<Number> CALLBACK = JobType.of("called", Number.class).withRetryPolicy(MANY);

  private static void effect(Plinth plinth, JobRun run, boolean completing) {
    plinth.transact(
        tx -> {
          run.fence(tx.connection());
          Sql.update(
              tx.connection(), "INSERT INTO effects VALUES (?, ?)", run.id().value(), run.epoch());
          Crash.at("effect written");
          if (completing) {
            run.completeIn(tx);
          }
        });
  }

  private static long count(Plinth plinth, String sql) {
    return plinth.transactReturning(
        tx -> Sql.query(tx.connection(), sql, row -> row.getLong(1)).get(0));
  }

  private static void createEffects(Plinth plinth) {
    plinth.transact(
        tx -> Sql.execute(tx.connection(), "CREATE TABLE effects (job uuid, epoch integer)"));
  }

  /** Everything that a job can do to the tables, in one batch with a callback. */
  static final class Everything implements CrashScenario {
    @Override
    public Jobs jobs(Plinth plinth, DataSource database) {
      return Jobs.builder(plinth)
          .handle(EXACT, (args, run) -> effect(plinth, run, true))
          .handle(
              FENCED,
              (args, run) -> {
                run.progress(1, 2, "half");
                effect(plinth, run, false);
              })
          .handle(
              FLAKY,
              (args, run) -> {
                if (run.attempt() == 1) {
                  throw new IllegalStateException("the first one fails");
                }
                effect(plinth, run, true);
              })
          .handle(ONCE, (args, run) -> effect(plinth, run, true))
          .handle(CALLBACK, (args, run) -> effect(plinth, run, true))
          .build();
    }

    @Override
    public void prepare(Plinth plinth, Jobs jobs) {
      createEffects(plinth);
      BatchId batch = jobs.batch("everything").onCompletion(CALLBACK, new Number(0)).create();
      for (JobType<Number> type : List.of(EXACT, FENCED, FLAKY, ONCE)) {
        jobs.enqueue(type, new Number(1), JobOptions.defaults().batch(batch));
      }
      jobs.seal(batch);
    }

    @Override
    public void verify(Plinth plinth, Jobs jobs) {
      // A last attempt that had begun may fail with its process; every other job must succeed.
      assertThat(jobs.list(JobFilter.all(), Page.first(100)))
          .hasSize(5)
          .allSatisfy(
              job ->
                  assertThat(job.status())
                      .isIn(
                          JobStatus.COMPLETED,
                          job.type().equals(ONCE.name()) ? JobStatus.FAILED : JobStatus.COMPLETED));
      assertThat(
              count(
                  plinth,
                  """
                  SELECT count(*)
                  FROM plinth.computational_jobs j
                  WHERE j.type <> 'fenced'
                    AND (SELECT count(*) FROM effects e WHERE e.job = j.id)
                      <> CASE WHEN j.status = 'completed' THEN 1 ELSE 0 END
                  """))
          .isZero();
      assertThat(count(plinth, "SELECT count(*) - count(DISTINCT (job, epoch)) FROM effects"))
          .isZero();
    }
  }

  @Test
  void killed_everyJobEndsOnce() {
    CrashReport report = CrashKit.of(Everything.class).atMost(BOUNDARIES).kill();
    System.out.println("kill: " + report);
    assertThat(report.boundaries()).isGreaterThan(40);
    assertThat(report.count()).isEqualTo(Math.min(BOUNDARIES, report.boundaries()));
  }

  @Test
  void pausedPastTheLease_zombieChangesNothing() {
    CrashReport report = CrashKit.of(Everything.class).atMost(BOUNDARIES).pause();
    System.out.println("pause: " + report);
    assertThat(report.count()).isEqualTo(Math.min(BOUNDARIES, report.boundaries()));
  }

  @Test
  void cut_everyJobEndsOnce() {
    CrashReport report = CrashKit.of(Everything.class).atMost(LARGE ? 1_000 : 10).cut();
    System.out.println("cut: " + report);
    assertThat(report.boundaries()).isGreaterThan(40);
  }

  /** A handler that takes its effect for done once, with nothing to make it so. */
  static final class Careless implements CrashScenario {
    @Override
    public Jobs jobs(Plinth plinth, DataSource database) {
      return Jobs.builder(plinth)
          .handle(
              EXACT,
              (args, run) ->
                  plinth.transact(
                      tx ->
                          Sql.update(
                              tx.connection(),
                              "INSERT INTO effects VALUES (?, ?)",
                              run.id().value(),
                              run.epoch())))
          .build();
    }

    @Override
    public void prepare(Plinth plinth, Jobs jobs) {
      createEffects(plinth);
      jobs.enqueue(EXACT, new Number(1));
    }

    @Override
    public void verify(Plinth plinth, Jobs jobs) {
      assertThat(count(plinth, "SELECT count(*) FROM effects")).isEqualTo(1);
    }
  }

  @Test
  void kill_carelessHandler_isFound() {
    assertThatThrownBy(() -> CrashKit.of(Careless.class).only(Boundary.AFTER_HANDLER_COMMIT).kill())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("does not survive a crash at boundary")
        .hasMessageContaining("AFTER_HANDLER_COMMIT");
    // Before its commit it is innocent.
    assertThat(CrashKit.of(Careless.class).only(Boundary.BEFORE_HANDLER_COMMIT).kill().count())
        .isEqualTo(1);
  }

  @Test
  void pause_carelessHandler_isFound() {
    assertThatThrownBy(() -> CrashKit.of(Careless.class).only(Boundary.IN_HANDLER).pause())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("IN_HANDLER");
  }

  @Test
  void cut_carelessHandler_isFound() {
    assertThatThrownBy(
            () -> CrashKit.of(Careless.class).only(Boundary.AFTER_COMMIT_UNANSWERED).cut())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("AFTER_COMMIT_UNANSWERED");
  }

  /** Wrong from the start. */
  static final class Wrong implements CrashScenario {
    @Override
    public Jobs jobs(Plinth plinth, DataSource database) {
      return Jobs.builder(plinth).handle(EXACT, (args, run) -> {}).build();
    }

    @Override
    public void prepare(Plinth plinth, Jobs jobs) {
      jobs.enqueueAll(
          EXACT, IntStream.range(0, 2).mapToObj(Number::new).toList(), JobOptions.defaults());
    }

    @Override
    public void verify(Plinth plinth, Jobs jobs) {
      throw new AssertionError("never right");
    }
  }

  @Test
  void kill_scenarioThatFailsWithoutACrash_saysSo() {
    assertThatThrownBy(() -> CrashKit.of(Wrong.class).kill())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("fails even without a crash")
        .hasRootCauseMessage("never right");
  }
}
