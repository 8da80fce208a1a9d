package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.jobs.schedule.Every;
import dev.plinth.jobs.schedule.NewSchedule;
import dev.plinth.jobs.schedule.Occurrence;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import java.time.Duration;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whoever writes the end of a job, in whatever transaction: the event has the job's tenant. */
@PlinthTest
class TenantEventsTest {
  private static final TxOptions ACME = TxOptions.defaults().withTenant("acme");
  private static final JobType<Number> ONCE =
      JobType.of("once", Number.class).withRetryPolicy(RetryPolicy.never());
  private static final JobType<Occurrence> TOLD = JobType.of("told", Occurrence.class);

  private final Queue<Fact> facts = new ConcurrentLinkedQueue<>();
  private Plinth plinth;
  private Jobs jobs;
  private Subscription subscription;

  @BeforeEach
  void open(Plinth injected) {
    plinth = injected;
    subscription = plinth.events().afterCommit(PlinthEvent.class, e -> facts.add(e.fact()));
    jobs =
        Jobs.builder(plinth)
            .handle(ONCE, TenantEventsTest::run)
            .handle(TOLD, (occurrence, run) -> {})
            .audited(ONCE, TOLD)
            .pollInterval(Duration.ofMillis(50))
            .build();
  }

  @AfterEach
  void close() {
    jobs.close();
    subscription.close();
    assertThat(facts).as("all of what was told").extracting(Fact::tenantId).containsOnly("acme");
    assertThat(jobs.check()).isEmpty();
  }

  private static void run(Number number, JobRun run) throws InterruptedException {
    switch (number.value()) {
      case 1 -> throw new IllegalStateException("fails");
      case 2 -> new CountDownLatch(1).await();
      default -> run.progress(1, 1, null);
    }
  }

  private JobId enqueue(int number, JobOptions options) {
    return plinth.transactReturning(
        ACME, tx -> jobs.in(tx).enqueue(ONCE, new Number(number), options));
  }

  private void awaitFact(String action, Object subject) {
    await()
        .untilAsserted(
            () ->
                assertThat(facts)
                    .filteredOn(fact -> fact.resourceId().equals(subject.toString()))
                    .extracting(Fact::action)
                    .contains(action));
  }

  @Test
  void handlerReturnsOrThrows_andItsBatchEnds() {
    BatchId batch = plinth.transactReturning(ACME, tx -> jobs.in(tx).batch("b").create());
    JobId good = enqueue(0, JobOptions.defaults().batch(batch));
    JobId bad = enqueue(1, JobOptions.defaults().batch(batch));
    plinth.transact(ACME, tx -> jobs.in(tx).seal(batch));

    jobs.start();

    awaitFact("job.enqueued", good);
    awaitFact("job.completed", good);
    awaitFact("job.failed", bad);
    awaitFact("batch.completed", batch);
  }

  @Test
  void cancelledByNobodyInParticular_waitingAndAtWork() {
    JobId waiting = enqueue(0, JobOptions.defaults().delay(Duration.ofHours(1)));
    JobId atWork = enqueue(2, JobOptions.defaults());
    jobs.start();
    await().until(() -> jobs.find(atWork).orElseThrow().status() == JobStatus.RUNNING);

    jobs.cancel(waiting, Cancellation.unexplained());
    jobs.cancel(atWork, Cancellation.unexplained());

    awaitFact("job.cancelled", waiting);
    awaitFact("job.cancelled", atWork);
  }

  @Test
  void parentFails_childIsCancelledBySettling() {
    JobId parent = enqueue(1, JobOptions.defaults());
    JobId child = enqueue(0, JobOptions.defaults().after(parent));

    jobs.start();

    awaitFact("job.failed", parent);
    awaitFact("job.cancelled", child);
  }

  @Test
  void deadlinePassesWhileItWaits(SettableClock clock) {
    JobId late =
        enqueue(
            0,
            JobOptions.defaults()
                .delay(Duration.ofDays(9))
                .deadline(clock.instant().plus(Duration.ofHours(1))));
    jobs.start();

    clock.advance(Duration.ofHours(2));

    awaitFact("job.failed", late);
  }

  @Test
  void instanceDiesAtTheLastAttempt() {
    JobId lost = enqueue(0, JobOptions.defaults());
    plinth.transact(tx -> Leases.give(tx, lost, UUID.randomUUID(), UUID.randomUUID(), true));

    jobs.start();

    awaitFact("job.failed", lost);
  }

  @Test
  void scheduleFires() {
    NewSchedule schedule = NewSchedule.of("s", new Every(Duration.ofSeconds(1)), TOLD);
    plinth.transact(ACME, tx -> jobs.in(tx).schedules().put(schedule));

    jobs.start();

    await()
        .untilAsserted(
            () ->
                assertThat(facts)
                    .extracting(Fact::action)
                    .contains("job.enqueued", "job.completed"));
  }
}
