package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.FaultyProxy;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of claims that nobody works on. */
@PlinthTest(customizer = FenceTest.ShortLives.class)
class LeaseTest {
  private static final JobType<Number> ONCE =
      JobType.of("once", Number.class).withRetryPolicy(RetryPolicy.never());

  private Jobs inspect;

  private record Holder(UUID instance, UUID claimer) {}

  @BeforeEach
  void create(Jobs injected) {
    inspect = injected;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(inspect.check()).isEmpty();
  }

  private static JobsBuilder builder(Plinth plinth) {
    return Jobs.builder(plinth).workers(2).pollInterval(Duration.ofMillis(50));
  }

  /** A job that was claimed, as its tables tell, though no dispatcher has heard of it. */
  private JobId claimed(Plinth plinth, JobType<Number> type, Holder holder, boolean begun) {
    return plinth.transactReturning(
        tx -> {
          JobId id = inspect.in(tx).enqueue(type, new Number(2));
          Leases.give(tx, id, holder.instance(), holder.claimer(), begun);
          return id;
        });
  }

  private JobStatus status(JobId id) {
    return inspect.find(id).orElseThrow().status();
  }

  /** The instance lives on, so nobody rescues what it has claimed without knowing. */
  @Test
  void claimWhoseCommitWasNotHeardOf_isGivenBack(TestDatabase database) {
    try (FaultyProxy network = FaultyProxy.to(database);
        Plinth plinth =
            Plinth.builder()
                .connectionSource(() -> DriverManager.getConnection(network.url()))
                .schema(database.schema("plinth"))
                .clock(database.clock())
                .build();
        Jobs jobs = builder(plinth).handle(Kinds.PLAIN, (args, run) -> {}).build()) {
      jobs.start();

      for (int losses = 0; losses < 30; losses++) {
        List<Number> some = IntStream.range(0, 5).mapToObj(Number::new).toList();
        network.loseNextStatement("job_leases", FaultyProxy.Loss.AFTER_IT_HAPPENED);
        inspect.enqueueAll(Kinds.PLAIN, some, JobOptions.defaults());
        await().until(() -> !network.isLossPending());
      }

      await().until(() -> all(JobStatus.COMPLETED));
      assertThat(inspect.list(JobFilter.all(), Page.first(1000)))
          .hasSize(150)
          .allSatisfy(job -> assertThat(job.errorRecoveryAttempts()).isZero());
    }
  }

  private boolean all(JobStatus status) {
    return inspect.list(JobFilter.all(), Page.first(1000)).stream()
        .allMatch(job -> job.status() == status);
  }

  @Test
  void instanceDied_lastAttemptOnlyFailedWhenItHadBegun(Plinth plinth) {
    Holder dead = new Holder(UUID.randomUUID(), UUID.randomUUID());
    JobId begun = claimed(plinth, ONCE, dead, true);
    JobId waited = claimed(plinth, ONCE, dead, false);
    try (Jobs jobs = builder(plinth).handle(ONCE, (args, run) -> {}).build()) {
      jobs.start();

      await().until(() -> status(waited) == JobStatus.COMPLETED);
      assertThat(status(begun)).isEqualTo(JobStatus.FAILED);
    }
    assertThat(inspect.attempts(waited)).extracting(Attempt::number).containsExactly(1, 1);
  }

  @Test
  void lastAttempt_isMarkedBeforeItBegins(Plinth plinth) {
    CountDownLatch goOn = new CountDownLatch(1);
    try (Jobs jobs = builder(plinth).handle(ONCE, (args, run) -> goOn.await()).build()) {
      jobs.start();
      jobs.enqueue(ONCE, new Number(1));
      await()
          .until(
              () ->
                  plinth.<Boolean, RuntimeException>transactReturning(
                      tx ->
                          Sql.query(
                                  tx.connection(),
                                  "SELECT bool_or(begun) FROM plinth.job_leases",
                                  row -> row.getBoolean(1))
                              .get(0)));
      goOn.countDown();
    }
  }
}
