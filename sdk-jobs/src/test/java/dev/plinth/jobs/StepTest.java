package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.jobs.Kinds.Square;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestNode;
import dev.plinth.test.TestNodes;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest(customizer = FenceTest.ShortLives.class)
class StepTest {
  private static final JobType<Number> STEPPED =
      JobType.of("stepped", Number.class)
          .withRetryPolicy(
              RetryPolicy.defaults().withDelays(Duration.ofMillis(1), Duration.ofMillis(2)));

  private Plinth plinth;
  private Jobs inspect;
  private final BlockingQueue<Throwable> thrown = new LinkedBlockingQueue<>();
  private final AtomicInteger bodies = new AtomicInteger();

  @BeforeEach
  void effects(Plinth plinth, Jobs injected) {
    this.plinth = plinth;
    inspect = injected;
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                "DROP TABLE IF EXISTS effects; CREATE TABLE effects (job text, by text)"));
  }

  @AfterEach
  void invariantsHold() {
    assertThat(inspect.check()).isEmpty();
  }

  private static Jobs runner(Plinth plinth, JobAction<Number> action) {
    Jobs jobs =
        Jobs.builder(plinth)
            .handle(STEPPED, action)
            .workers(2)
            .pollInterval(Duration.ofMillis(20))
            .gracePeriod(Duration.ofSeconds(2))
            .build();
    jobs.start();
    return jobs;
  }

  private JobId completed(JobAction<Number> action) {
    try (Jobs jobs = runner(plinth, action)) {
      JobId id = jobs.enqueue(STEPPED, new Number(1));
      await().until(() -> jobs.find(id).orElseThrow().completedAt() != null);
      Job ended = jobs.find(id).orElseThrow();
      assertThat(ended.status()).as(ended.error()).isEqualTo(JobStatus.COMPLETED);
      return id;
    }
  }

  private long effects() {
    return plinth.transactReturning(
        tx ->
            Sql.query(tx.connection(), "SELECT count(*) FROM effects", row -> row.getLong(1))
                .get(0));
  }

  @Test
  void step_completed_isNotRunAgainAndItsOutputIsGiven() {
    BlockingQueue<Square> seen = new LinkedBlockingQueue<>();

    JobId id =
        completed(
            (args, run) -> {
              seen.add(
                  run.step(
                      "square", Square.class, () -> new Square(7, 7 + bodies.incrementAndGet())));
              run.step(
                  Step.of("send").label("Send the mail").type("email").input(new Number(3)),
                  Void.class,
                  () -> {
                    if (run.attempt() == 1) {
                      throw new IOException("no route to host");
                    }
                    return null;
                  });
            });

    assertThat(bodies).hasValue(1);
    assertThat(seen).containsExactly(new Square(7, 8), new Square(7, 8));
    List<JobStep> steps = inspect.steps(id);
    assertThat(steps)
        .extracting(
            JobStep::name, JobStep::status, JobStep::attempt, JobStep::epoch, JobStep::retries)
        .containsExactly(
            tuple("square", JobStep.Status.COMPLETED, 1, 1, 0),
            tuple("send", JobStep.Status.COMPLETED, 2, 2, 1));
    assertThat(steps.get(0).output()).isEqualTo(Json.of("{\"of\": 7, \"value\": 8}"));
    JobStep send = steps.get(1);
    assertThat(send.label()).isEqualTo("Send the mail");
    assertThat(send.type()).isEqualTo("email");
    assertThat(send.input()).isEqualTo(Json.of("{\"value\": 3}"));
    assertThat(send.output()).isNull();
    assertThat(send.error()).isEqualTo("java.io.IOException: no route to host");
    assertThat(send.createdAt()).isBefore(send.startedAt());
    assertThat(send.duration()).isPresent();
    assertThat(inspect.attempts(id).get(0).errorClass()).isEqualTo("java.io.IOException");
  }

  @Test
  void step_running_isSeen() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    try (Jobs jobs =
        runner(
            plinth,
            (args, run) ->
                run.step(
                    "slow",
                    Void.class,
                    () -> {
                      begun.countDown();
                      goOn.await();
                      return null;
                    }))) {
      JobId id = jobs.enqueue(STEPPED, new Number(1));
      assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();

      assertThat(jobs.steps(id))
          .extracting(JobStep::status)
          .containsExactly(JobStep.Status.RUNNING);
      assertThat(jobs.steps(id).get(0).duration()).isEmpty();

      goOn.countDown();
      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.COMPLETED);
    }
  }

  @Test
  void stepIn_failing_rollsItsEffectsBackAndRecordsTheError() {
    JobId id =
        completed(
            (args, run) ->
                run.stepIn(
                    Step.of("charge").input(new Number(9)),
                    String.class,
                    tx -> {
                      Sql.update(tx.connection(), "INSERT INTO effects VALUES ('x', 'y')");
                      if (run.attempt() == 1) {
                        throw new IOException("declined");
                      }
                      return "ok";
                    }));

    assertThat(effects()).isEqualTo(1);
    assertThat(inspect.steps(id))
        .extracting(JobStep::status, JobStep::retries, JobStep::error, JobStep::output)
        .containsExactly(
            tuple(JobStep.Status.COMPLETED, 1, "java.io.IOException: declined", Json.of("\"ok\"")));
    assertThat(inspect.steps(id).get(0).input()).isEqualTo(Json.of("{\"value\": 9}"));
  }

  @Test
  void stepIn_completed_itsEffectsComeOnceHoweverOftenTheRunFails() {
    JobId id =
        completed(
            (args, run) -> {
              String receipt =
                  run.stepIn(
                      "charge",
                      String.class,
                      tx -> {
                        Sql.update(tx.connection(), "INSERT INTO effects VALUES ('x', 'y')");
                        return "receipt " + run.attempt();
                      });
              assertThat(receipt).isEqualTo("receipt 1");
              if (run.attempt() < 4) {
                throw new IllegalStateException("later");
              }
            });

    assertThat(effects()).isEqualTo(1);
    assertThat(inspect.attempts(id)).hasSize(4);
    assertThat(inspect.steps(id)).extracting(JobStep::retries).containsExactly(0);
  }

  @Test
  void step_inATransaction_isRefusedAndStepsMayNest() {
    JobId id =
        completed(
            (args, run) -> {
              plinth.transact(
                  tx -> {
                    thrown.add(catchThrowable(() -> run.step("a", String.class, () -> "a")));
                    thrown.add(catchThrowable(() -> run.stepIn("b", String.class, in -> "b")));
                  });
              run.step(
                  "outer", String.class, () -> run.step("inner", String.class, () -> "x") + "y");
              run.stepIn(
                  "in",
                  String.class,
                  tx -> {
                    thrown.add(catchThrowable(() -> run.step("c", String.class, () -> "c")));
                    return "in";
                  });
            });

    assertThat(thrown)
        .hasSize(3)
        .allSatisfy(
            e ->
                assertThat(e)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("was begun inside a transaction"));
    assertThat(inspect.steps(id))
        .extracting(JobStep::name)
        .containsExactlyInAnyOrder("outer", "inner", "in");
  }

  @Test
  void step_ofTheSameName_isRefusedUnlessItFailed() {
    completed(
        (args, run) -> {
          run.step("charge", String.class, () -> "once");
          thrown.add(catchThrowable(() -> run.step("charge", String.class, () -> "twice")));
          thrown.add(
              catchThrowable(
                  () ->
                      run.step(
                          "flaky",
                          String.class,
                          () -> {
                            throw new IOException("first");
                          })));
          assertThat(run.step("flaky", String.class, () -> "second")).isEqualTo("second");
          assertThat(inspect.steps(run.id()))
              .extracting(JobStep::name, JobStep::retries, JobStep::output)
              .containsExactly(
                  tuple("charge", 0, Json.of("\"once\"")),
                  tuple("flaky", 1, Json.of("\"second\"")));
        });

    assertThat(thrown.poll())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("Step charge was begun already")
        .hasMessageContaining("charge-2");
    assertThat(thrown.poll()).isInstanceOf(IOException.class);
  }

  @Test
  void steps_ofSeveralThreads_areAllRecorded() {
    JobId id =
        completed(
            (args, run) -> {
              CompletableFuture<?>[] futures = new CompletableFuture<?>[4];
              for (int i = 0; i < futures.length; i++) {
                String name = "part " + i;
                futures[i] =
                    CompletableFuture.runAsync(
                        () -> run.stepIn(name, String.class, tx -> name), plinth.executor());
              }
              CompletableFuture.allOf(futures).join();
            });

    assertThat(inspect.steps(id))
        .hasSize(4)
        .allSatisfy(step -> assertThat(step.status()).isEqualTo(JobStep.Status.COMPLETED));
  }

  @Test
  void step_outputOfAnotherShape_isNamedAndKept() {
    JobId id =
        completed(
            (args, run) -> {
              if (run.attempt() == 1) {
                run.step("load", String.class, () -> "text");
                throw new IllegalStateException("a new version follows");
              }
              thrown.add(
                  catchThrowable(() -> run.step("load", Square.class, () -> new Square(1, 1))));
            });

    assertThat(thrown.poll())
        .isInstanceOfSatisfying(
            UnreadableStepException.class,
            e -> {
              assertThat(e.jobId()).isEqualTo(id);
              assertThat(e.step()).isEqualTo("load");
              assertThat(e).hasMessageContaining("another name");
            });
    assertThat(inspect.steps(id))
        .extracting(JobStep::output, JobStep::status)
        .containsExactly(tuple(Json.of("\"text\""), JobStep.Status.COMPLETED));
  }

  @Test
  void step_afterCompleteIn_isRefused() {
    completed(
        (args, run) -> {
          plinth.transact(run::completeIn);
          thrown.add(catchThrowable(() -> run.step("late", String.class, () -> "x")));
          thrown.add(catchThrowable(() -> run.enqueue(Kinds.PLAIN, new Number(1))));
        });

    assertThat(thrown)
        .hasSize(2)
        .allSatisfy(
            e ->
                assertThat(e)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("call completeIn last"));
  }

  @Test
  void zombie_itsStepsAndChildrenAreRefused(TestNodes nodes) throws Exception {
    CountDownLatch claimed = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    TestNode second = nodes.start("second");
    JobId id = inspect.enqueue(STEPPED, new Number(1));
    try (Jobs zombies =
        runner(
            plinth,
            (args, run) -> {
              thrown.add(
                  catchThrowable(
                      () ->
                          run.step(
                              "late",
                              String.class,
                              () -> {
                                claimed.countDown();
                                awaitUninterruptibly(goOn);
                                return "zombie";
                              })));
              thrown.add(catchThrowable(() -> run.step("new", String.class, () -> "zombie")));
              thrown.add(
                  catchThrowable(
                      () ->
                          run.stepIn(
                              "effect",
                              String.class,
                              tx -> {
                                Sql.update(
                                    tx.connection(), "INSERT INTO effects VALUES ('x', 'z')");
                                return "zombie";
                              })));
              thrown.add(catchThrowable(() -> run.enqueue(Kinds.PLAIN, new Number(1))));
              thrown.add(
                  catchThrowable(
                      () -> plinth.transact(tx -> run.in(tx).enqueue(Kinds.PLAIN, new Number(1)))));
            })) {
      assertThat(zombies).isNotNull();
      assertThat(claimed.await(60, TimeUnit.SECONDS)).isTrue();
      second
          .plinth()
          .transact(
              tx ->
                  Sql.update(
                      tx.connection(),
                      "UPDATE plinth.instances SET ended_at = heartbeat_at, end_reason = 'expired'"
                          + " WHERE id = ?",
                      plinth.instances().id()));
      try (Jobs heirs =
          runner(
              second.plinth(),
              (args, run) -> {
                run.step("late", String.class, () -> "heir");
                run.stepIn("effect", String.class, tx -> "heir");
              })) {
        await().until(() -> heirs.find(id).orElseThrow().status() == JobStatus.COMPLETED);
        goOn.countDown();
        for (int i = 0; i < 5; i++) {
          assertThat(thrown.poll(60, TimeUnit.SECONDS)).isInstanceOf(LostClaimException.class);
        }
      }
    }
    assertThat(inspect.steps(id))
        .extracting(JobStep::name, JobStep::output)
        .containsExactly(tuple("late", Json.of("\"heir\"")), tuple("effect", Json.of("\"heir\"")));
    assertThat(effects()).isZero();
    assertThat(inspect.list(JobFilter.all().parent(id), Page.first(10))).isEmpty();
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    boolean done = false;
    while (!done) {
      try {
        latch.await();
        done = true;
      } catch (InterruptedException e) {
        assertThat(e).isNotNull();
      }
    }
  }

  @Test
  void stepWriteAfterTheClaimIsGone_changesNothing() throws Exception {
    // Deleting the lease stands for a rescue that comes while the body runs.
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    try (Jobs jobs =
        runner(
            plinth,
            (args, run) ->
                thrown.add(
                    catchThrowable(
                        () ->
                            run.step(
                                "late",
                                String.class,
                                () -> {
                                  begun.countDown();
                                  awaitUninterruptibly(goOn);
                                  return "late";
                                }))))) {
      JobId id = jobs.enqueue(STEPPED, new Number(1));
      assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
      plinth.transact(
          tx ->
              Sql.execute(
                  tx.connection(),
                  """
                  WITH gone AS (DELETE FROM plinth.job_leases RETURNING *)
                  INSERT INTO plinth.job_delayed (job_id, run_at, queue, priority, type, job_version, epoch, attempt)
                  SELECT job_id, now() + interval '1 day', queue, priority, type, job_version, epoch, attempt FROM gone
                  """));
      goOn.countDown();

      assertThat(thrown.poll(60, TimeUnit.SECONDS)).isInstanceOf(LostClaimException.class);
      assertThat(jobs.steps(id))
          .extracting(JobStep::status, JobStep::output)
          .containsExactly(tuple(JobStep.Status.INTERRUPTED, null));
    }
  }

  @Test
  void children_belongUnderTheJob_andVanishWithTheirTransaction() {
    BlockingQueue<JobId> made = new LinkedBlockingQueue<>();
    JobId id =
        completed(
            (args, run) -> {
              made.add(run.enqueue(Kinds.PLAIN, new Number(1)));
              made.add(
                  plinth.transactReturning(
                      tx ->
                          run.in(tx)
                              .enqueue(
                                  Kinds.PLAIN, new Number(2), JobOptions.defaults().priority(5))));
              made.addAll(
                  run.enqueue(
                          JobGraph.create()
                              .add("a", Kinds.PLAIN, new Number(3))
                              .add("b", Kinds.PLAIN, new Number(4))
                              .edge("a", "b"))
                      .values());
              thrown.add(
                  catchThrowable(
                      () ->
                          plinth.transact(
                              tx -> {
                                run.in(tx).enqueue(Kinds.PLAIN, new Number(5));
                                throw new IOException("rolled back");
                              })));
              thrown.add(
                  catchThrowable(
                      () ->
                          run.enqueue(
                              Kinds.PLAIN, new Number(6), JobOptions.defaults().parent(run.id()))));
            });

    assertThat(inspect.list(JobFilter.all().parent(id), Page.first(10)))
        .extracting(Job::id)
        .containsExactlyInAnyOrderElementsOf(made);
    assertThat(made).hasSize(4);
    assertThat(thrown.poll()).isInstanceOf(IOException.class);
    assertThat(thrown.poll())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("options must not name a parent");
  }

  @Test
  void tenant_stepsAndChildrenAreItsOwn() {
    TxOptions acme = TxOptions.defaults().withTenant("acme");
    BlockingQueue<String> tenants = new LinkedBlockingQueue<>();
    try (Jobs jobs =
        runner(
            plinth,
            (args, run) -> {
              run.enqueue(Kinds.PLAIN, new Number(2));
              run.stepIn(
                  "in",
                  String.class,
                  tx -> {
                    tenants.add(tx.tenantId().orElse("none"));
                    return "x";
                  });
            })) {
      JobId id = plinth.transactReturning(acme, tx -> jobs.in(tx).enqueue(STEPPED, new Number(1)));
      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.COMPLETED);

      assertThat(tenants).containsExactly("acme");
      plinth.transact(
          acme,
          tx -> {
            assertThat(jobs.in(tx).steps(id)).hasSize(1);
            assertThat(jobs.in(tx).list(JobFilter.all().parent(id), Page.first(5))).hasSize(1);
          });
      plinth.transact(
          TxOptions.defaults().withTenant("other"),
          tx -> assertThat(jobs.in(tx).steps(id)).isEmpty());
    }
  }

  @Test
  void userErased_stepsOfEndedJobsTellNothing() {
    UUID user = plinth.users().create(NewUser.withExternalId("ada")).id();
    try (Jobs jobs =
        runner(
            plinth,
            (args, run) ->
                run.step(
                    Step.of("greet").label("Greet Ada").input("Ada"), String.class, () -> "Hi"))) {
      JobId id =
          jobs.enqueue(
              STEPPED,
              new Number(1),
              JobOptions.defaults().user(user).subject("ada").metadata(Json.of("{\"a\": 1}")));
      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.COMPLETED);

      plinth.users().erase(user);

      assertThat(jobs.steps(id))
          .extracting(JobStep::name, JobStep::label, JobStep::input, JobStep::output)
          .containsExactly(tuple("greet", null, null, null));
      assertThat(jobs.find(id).orElseThrow().subject()).isNull();
      assertThat(jobs.find(id).orElseThrow().metadata()).isNull();
    }
  }

  @Test
  void step_badInput_namesTheArgument() {
    completed(
        (args, run) -> {
          assertThatIllegalArgumentException()
              .isThrownBy(() -> run.step(" ", String.class, () -> "x"))
              .withMessage("name must not be blank");
          assertThatIllegalArgumentException()
              .isThrownBy(() -> run.step("a", null, () -> "x"))
              .withMessage("type must not be null");
          assertThatIllegalArgumentException()
              .isThrownBy(() -> run.step("a", String.class, null))
              .withMessage("body must not be null");
          assertThatIllegalArgumentException()
              .isThrownBy(() -> run.stepIn("a", String.class, null))
              .withMessage("body must not be null");
          assertThatIllegalArgumentException()
              .isThrownBy(() -> Step.of("a").label(""))
              .withMessage("label must not be blank");
          assertThatIllegalArgumentException()
              .isThrownBy(() -> Step.of("x".repeat(256)))
              .withMessage("name must have at most 255 characters, but has 256");
          // What cannot be written is the step's failure, told before it would be lost.
          assertThatIllegalArgumentException()
              .isThrownBy(() -> run.step("a", Unwritable.class, Unwritable::new));
          assertThat(inspect.steps(run.id()))
              .extracting(JobStep::status)
              .containsExactly(JobStep.Status.FAILED);
        });
    assertThatIllegalArgumentException().isThrownBy(() -> inspect.steps(null));
  }

  /** Cannot be written as JSON. */
  static final class Unwritable {
    public String getText() {
      throw new IllegalStateException("has no text");
    }
  }
}
