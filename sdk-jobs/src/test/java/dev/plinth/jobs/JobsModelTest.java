package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.JobsModel.Behaviour;
import dev.plinth.jobs.JobsModel.ModelBatch;
import dev.plinth.jobs.JobsModel.ModelJob;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.jobs.ManualRunner.Stage;
import dev.plinth.test.PlinthFixture;
import dev.plinth.test.TestNode;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * A state machine with a model: whatever is done to jobs, in whatever order, they stand where the
 * model says, were attempted as it says, and ran in the order it says.
 */
@Tag("proof")
class JobsModelTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int TRIES = LARGE ? 100 : 5;
  private static final int STEPS = LARGE ? 40 : 25;
  private static final Map<Behaviour, JobType<Number>> KINDS = new EnumMap<>(Behaviour.class);

  private static PlinthFixture fixture;
  private static int tried;

  static {
    RetryPolicy policy =
        RetryPolicy.defaults()
            .withMaxAttempts(JobsModel.MAX_ATTEMPTS)
            .withDelays(Duration.ofMinutes(20), Duration.ofMinutes(20))
            .withRetryable(failure -> !(failure instanceof IllegalArgumentException));
    for (Behaviour behaviour : Behaviour.values()) {
      KINDS.put(
          behaviour,
          JobType.of(behaviour.name().toLowerCase(Locale.ROOT), Number.class)
              .withRetryPolicy(policy));
    }
  }

  private JobsModel model;
  private Plinth plinth;
  private Jobs jobs;
  private ManualRunner runner;
  private int nodes;

  @BeforeContainer
  static void create() {
    fixture = PlinthFixture.create();
  }

  @AfterContainer
  static void close() {
    fixture.close();
  }

  /** Something that is done to jobs. */
  sealed interface Step {}

  record Enqueue(Behaviour behaviour, int priority, boolean delayed, int batch) implements Step {}

  record EnqueueAndRollBack(Behaviour behaviour) implements Step {}

  record Run(int times) implements Step {}

  record Advance(int minutes) implements Step {}

  record RetryFailed(int which) implements Step {}

  record Seal(int batch) implements Step {}

  record Cancel(int which) implements Step {}

  /** A node claims and closes, so that the job is given back. */
  record Release() implements Step {}

  /** A node claims and dies before the handler begins. */
  record Die() implements Step {}

  /** A node is taken for dead while its handler works, and goes on. */
  record Zombie() implements Step {}

  @Provide
  Arbitrary<List<Step>> steps() {
    Arbitrary<Step> enqueue =
        Combinators.combine(
                Arbitraries.of(Behaviour.class),
                Arbitraries.integers().between(-1, 1),
                Arbitraries.of(true, false, false),
                Arbitraries.integers().between(-1, 1))
            .as(Enqueue::new);
    Arbitrary<Step> step =
        Arbitraries.frequencyOf(
            Tuple.of(8, enqueue),
            Tuple.of(1, Arbitraries.of(Behaviour.class).map(EnqueueAndRollBack::new)),
            Tuple.of(6, Arbitraries.integers().between(1, 4).map(Run::new)),
            Tuple.of(2, Arbitraries.integers().between(1, 30).map(Advance::new)),
            Tuple.of(2, Arbitraries.integers().between(0, 9).map(RetryFailed::new)),
            Tuple.of(1, Arbitraries.integers().between(0, 1).map(Seal::new)),
            Tuple.of(1, Arbitraries.integers().between(0, 9).map(Cancel::new)),
            Tuple.of(1, Arbitraries.just(new Release())),
            Tuple.of(1, Arbitraries.just(new Die())),
            Tuple.of(1, Arbitraries.just(new Zombie())));
    return step.list().ofMinSize(STEPS / 2).ofMaxSize(STEPS);
  }

  @Property(tries = 100)
  void anySteps_jobsAreWhatTheModelSays(@ForAll("steps") List<Step> steps) {
    if (tried++ < TRIES) {
      run(steps);
    }
  }

  private void run(List<Step> steps) {
    fixture.reset();
    plinth = fixture.plinth();
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(), "DROP TABLE IF EXISTS effects; CREATE TABLE effects (job uuid)"));
    model = new JobsModel();
    nodes = 0;
    try (Jobs built = built(plinth, () -> {})) {
      jobs = built;
      runner = jobs.runManually();
      for (int i = 0; i < 2; i++) {
        BatchId id =
            jobs.batch("b" + i)
                .onCompletion(KINDS.get(Behaviour.COMPLETES), new Number(0))
                .create();
        model.batches.add(new ModelBatch(id));
      }
      for (Step step : steps) {
        take(step);
        holds();
      }
      model.batches.forEach(this::seal);
      workOff();
      holds();
      assertThat(model.jobs.values()).allMatch(ModelJob::hasEnded);
      assertThat(model.batches).allMatch(batch -> batch.ended);
      assertThat(jobs.check()).isEmpty();
      effectsAreRight();
    }
  }

  /** The jobs of a node, whose handlers first do something else. */
  private static Jobs built(Plinth plinth, Runnable first) {
    JobsBuilder builder = Jobs.builder(plinth);
    KINDS.forEach(
        (behaviour, kind) ->
            builder.handle(
                kind,
                (args, run) -> {
                  first.run();
                  behave(plinth, behaviour, run);
                }));
    return builder.build();
  }

  private static void behave(Plinth plinth, Behaviour behaviour, JobRun run) {
    switch (behaviour) {
      case COMPLETES -> {}
      case SNOOZES -> {
        if (!wasSnoozed(plinth, run)) {
          throw run.snooze(Duration.ofMinutes(10));
        }
      }
      case DISCARDS -> throw run.discard("no use");
      case FAILS -> throw new IllegalStateException("fails");
      case FAILS_FOR_GOOD -> throw new IllegalArgumentException("fails for good");
      case COMPLETES_WITH_EFFECT ->
          plinth.transact(
              tx -> {
                effect(run, tx.connection());
                run.completeIn(tx);
              });
      case ROLLS_BACK ->
          plinth.transact(
              tx -> {
                effect(run, tx.connection());
                run.completeIn(tx);
                throw new IllegalStateException("rolls back");
              });
    }
  }

  private static boolean wasSnoozed(Plinth plinth, JobRun run) {
    return plinth.transactReturning(
        tx ->
            Sql.first(
                    tx.connection(),
                    "SELECT 1 FROM plinth.job_attempts WHERE job_id = ? AND outcome = 'snoozed'",
                    row -> true,
                    run.id().value())
                .isPresent());
  }

  private static void effect(JobRun run, Connection connection) {
    Sql.update(connection, "INSERT INTO effects VALUES (?)", run.id().value());
  }

  private void take(Step step) {
    if (step instanceof Enqueue enqueue) {
      enqueue(enqueue);
    } else if (step instanceof EnqueueAndRollBack rollBack) {
      assertThatThrownBy(
              () ->
                  plinth.transact(
                      tx -> {
                        jobs.in(tx).enqueue(KINDS.get(rollBack.behaviour()), new Number(1));
                        throw new IllegalStateException("after all");
                      }))
          .hasMessage("after all");
    } else if (step instanceof Run run) {
      for (int i = 0; i < run.times(); i++) {
        runOne();
      }
    } else if (step instanceof Advance advance) {
      fixture.clock().advance(Duration.ofMinutes(advance.minutes()));
    } else if (step instanceof RetryFailed retry) {
      retry(retry.which());
    } else if (step instanceof Seal seal) {
      seal(model.batches.get(seal.batch()));
    } else if (step instanceof Cancel cancel) {
      cancel(cancel.which());
    } else if (step instanceof Release) {
      release();
    } else if (step instanceof Die) {
      die();
    } else {
      zombie();
    }
  }

  private void enqueue(Enqueue step) {
    JobOptions options = JobOptions.defaults().priority(step.priority());
    ModelBatch batch = step.batch() < 0 ? null : model.batches.get(step.batch());
    if (batch != null) {
      options = options.batch(batch.id);
    }
    if (step.delayed()) {
      options = options.delay(Duration.ofMinutes(10));
    }
    JobOptions given = options;
    JobType<Number> kind = KINDS.get(step.behaviour());
    if (batch != null && batch.sealed) {
      assertThatThrownBy(() -> jobs.enqueue(kind, new Number(1), given))
          .isInstanceOf(BatchClosedException.class);
      return;
    }
    JobId id = jobs.enqueue(kind, new Number(1), given);
    model.added(
        id, step.behaviour(), step.priority(), batch, jobs.find(id).map(Job::runAt).orElse(null));
  }

  private void retry(int which) {
    List<Map.Entry<JobId, ModelJob>> all = List.copyOf(model.jobs.entrySet());
    if (all.isEmpty()) {
      return;
    }
    Map.Entry<JobId, ModelJob> chosen = all.get(which % all.size());
    ModelJob job = chosen.getValue();
    if (job.status != JobStatus.FAILED) {
      assertThat(jobs.retry(chosen.getKey())).isFalse();
    } else if (job.batch != null && job.batch.ended) {
      assertThatThrownBy(() -> jobs.retry(chosen.getKey()))
          .isInstanceOf(BatchClosedException.class);
    } else {
      assertThat(jobs.retry(chosen.getKey())).isTrue();
      model.retried(job);
    }
  }

  private void cancel(int which) {
    List<Map.Entry<JobId, ModelJob>> all = List.copyOf(model.jobs.entrySet());
    if (all.isEmpty()) {
      return;
    }
    Map.Entry<JobId, ModelJob> chosen = all.get(which % all.size());
    CancelResult result = jobs.cancel(chosen.getKey(), Cancellation.because("changed my mind"));
    if (chosen.getValue().hasEnded()) {
      assertThat(result).isEqualTo(CancelResult.NOT_PENDING);
    } else {
      assertThat(result).isEqualTo(CancelResult.CANCELLED);
      model.cancelled(chosen.getValue());
    }
  }

  private void seal(ModelBatch batch) {
    assertThat(jobs.seal(batch.id)).isTrue();
    batch.sealed = true;
    if (batch.status == Batch.Status.OPEN) {
      batch.status = Batch.Status.SEALED;
    }
  }

  /** What any node does in the background; what is due is asked of the database's own clock. */
  private void sweep() {
    Instant before = fixture.clock().instant();
    runner.sweep();
    promoted(before, fixture.clock().instant());
    ended();
  }

  private void promoted(Instant before, Instant after) {
    long turn = model.nextTurn();
    model.jobs.forEach(
        (id, job) -> {
          if (job.isDelayed()) {
            JobStatus now = jobs.find(id).orElseThrow().status();
            if (now == JobStatus.READY || now == JobStatus.RUNNING) {
              assertThat(job.runAt).isBeforeOrEqualTo(after);
              model.ready(job, turn);
            } else {
              assertThat(job.runAt).isAfter(before);
            }
          }
        });
  }

  /** Batches whose jobs have all ended call back. */
  private void ended() {
    long turn = model.nextTurn();
    for (ModelBatch batch : model.batches) {
      if (!batch.ended && model.isDone(batch)) {
        batch.ended = true;
        batch.status = model.endOf(batch);
        JobId callback = jobs.batch(batch.id).orElseThrow().callback();
        assertThat(callback).isNotNull();
        ModelJob job = model.added(callback, Behaviour.COMPLETES, 0, null, null);
        job.readySince = turn;
      }
    }
  }

  private void runOne() {
    sweep();
    List<JobId> next = model.next();
    Instant before = fixture.clock().instant();
    Optional<ManualRun> run = runner.runOne();
    if (run.isPresent() && !next.contains(run.get().id())) {
      // Due since the sweep before.
      assertThat(model.jobs.get(run.get().id()).runAt)
          .isBetween(before.minusSeconds(1), fixture.clock().instant());
      model.ready(model.jobs.get(run.get().id()), model.nextTurn());
    } else {
      assertThat(run.isPresent()).isEqualTo(!next.isEmpty());
    }
    run.ifPresent(
        made -> {
          ModelJob job = model.jobs.get(made.id());
          assertThat(made.attempt()).isEqualTo(job.attempt);
          model.ran(job);
          job.runAt = jobs.find(made.id()).orElseThrow().runAt();
        });
  }

  private interface OnNode {
    void act(TestNode node, Jobs its);
  }

  private static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Has another node claim the next job; it stops there. */
  private void claimedElsewhere(OnNode then) {
    sweep();
    List<JobId> next = model.next();
    if (next.isEmpty()) {
      return;
    }
    TestNode node = fixture.nodes().start("node" + nodes++);
    try (Jobs its = built(node.plinth(), () -> {})) {
      ManualRunner other = its.runManually();
      other.watch(
          stage -> {
            if (stage == Stage.CLAIMED) {
              throw new Stopped();
            }
          });
      assertThatThrownBy(other::runOne).isInstanceOf(Stopped.class);
      then.act(node, its);
    } finally {
      node.close();
    }
  }

  /** The job that is claimed now. */
  private Map.Entry<JobId, ModelJob> claimed() {
    List<Map.Entry<JobId, ModelJob>> running =
        model.jobs.entrySet().stream()
            .filter(e -> jobs.find(e.getKey()).orElseThrow().status() == JobStatus.RUNNING)
            .toList();
    assertThat(running).hasSize(1);
    return running.get(0);
  }

  private void release() {
    claimedElsewhere(
        (node, its) -> {
          Map.Entry<JobId, ModelJob> job = claimed();
          its.close();
          model.ready(job.getValue(), model.nextTurn());
        });
  }

  private void die() {
    claimedElsewhere(
        (node, its) -> {
          Map.Entry<JobId, ModelJob> job = claimed();
          declareDead(node.plinth().instances().id());
          Instant before = fixture.clock().instant();
          runner.sweep();
          promoted(before, fixture.clock().instant());
          model.rescued(job.getValue(), false, model.nextTurn());
          ended();
        });
  }

  private void zombie() {
    sweep();
    if (model.next().isEmpty()) {
      return;
    }
    TestNode node = fixture.nodes().start("node" + nodes++);
    List<ModelJob> rescued = new ArrayList<>();
    try (Jobs its =
        built(
            node.plinth(),
            () -> {
              Map.Entry<JobId, ModelJob> job = claimed();
              declareDead(node.plinth().instances().id());
              Instant before = fixture.clock().instant();
              runner.sweep();
              promoted(before, fixture.clock().instant());
              model.rescued(job.getValue(), true, model.nextTurn());
              ended();
              rescued.add(job.getValue());
            })) {
      its.runManually().runOne();
      assertThat(rescued).hasSize(1);
    } finally {
      node.close();
    }
  }

  private void declareDead(UUID instance) {
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                "UPDATE plinth.instances SET ended_at = heartbeat_at, end_reason = 'expired'"
                    + " WHERE id = ?",
                instance));
  }

  private void workOff() {
    for (int round = 0; round < 100; round++) {
      sweep();
      if (!model.next().isEmpty()) {
        runOne();
      } else if (model.jobs.values().stream().allMatch(ModelJob::hasEnded)) {
        return;
      } else {
        fixture.clock().advance(Duration.ofMinutes(30));
      }
    }
  }

  private void holds() {
    model.jobs.forEach(
        (id, expected) -> {
          Job job = jobs.find(id).orElseThrow();
          assertThat(job.status()).as("status of %s %s", job.type(), id).isEqualTo(expected.status);
          assertThat(jobs.attempts(id))
              .as("attempts at %s %s", job.type(), id)
              .extracting(Attempt::outcome)
              .containsExactlyElementsOf(expected.outcomes);
        });
    for (ModelBatch batch : model.batches) {
      Batch found = jobs.batch(batch.id).orElseThrow();
      assertThat(found.completed()).isEqualTo(model.count(batch, JobStatus.COMPLETED));
      assertThat(found.cancelled()).isEqualTo(model.count(batch, JobStatus.CANCELLED));
      assertThat(found.failed())
          .isEqualTo(model.count(batch, JobStatus.FAILED) + found.cancelled());
      assertThat(found.status()).isEqualTo(batch.status);
    }
    assertThat(jobs.list(JobFilter.all(), Page.first(1_000))).hasSize(model.jobs.size());
  }

  private void effectsAreRight() {
    List<UUID> effects =
        plinth.transactReturning(
            tx ->
                Sql.query(
                    tx.connection(),
                    "SELECT job FROM effects",
                    row -> row.getObject(1, UUID.class)));
    assertThat(effects)
        .containsExactlyInAnyOrderElementsOf(
            model.jobs.entrySet().stream()
                .filter(e -> e.getValue().behaviour == Behaviour.COMPLETES_WITH_EFFECT)
                .filter(e -> e.getValue().status == JobStatus.COMPLETED)
                .map(e -> e.getKey().value())
                .toList());
  }
}
