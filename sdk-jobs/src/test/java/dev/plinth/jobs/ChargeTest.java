package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class ChargeTest {
  private static final Duration OFTEN = Duration.ofMillis(100);
  private static final Duration NEVER = Duration.ofHours(1);

  private static final JobType<Number> TWICE =
      JobType.of("twice", Number.class)
          .withRetryPolicy(
              RetryPolicy.defaults()
                  .withMaxAttempts(2)
                  .withDelays(Duration.ofMillis(1), Duration.ofMillis(1)));

  private final AtomicLong usedNanos = new AtomicLong();
  private Plinth plinth;
  private Jobs jobs;
  private UUID user;

  @BeforeEach
  void create(Plinth injected, Jobs inspecting) {
    plinth = injected;
    jobs = inspecting;
    user = plinth.users().create(NewUser.withExternalId("ada")).id();
    Ledger.create(plinth);
  }

  private JobsBuilder charged(Duration period, JobAction<Number> action) {
    return Jobs.builder(plinth)
        .handle(TWICE, action)
        .charge(TWICE, new Ledger(), "cpu_seconds")
        .chargeEvery(period)
        .pollInterval(Duration.ofMillis(50))
        .gracePeriod(Duration.ofSeconds(30));
  }

  private JobId enqueue() {
    return jobs.enqueue(TWICE, new Number(1), JobOptions.defaults().user(user));
  }

  private JobStatus status(JobId id) {
    return jobs.find(id).orElseThrow().status();
  }

  /** Uses the processor, and takes down what the thread has used since the handler began. */
  private void burn(Duration atLeast) {
    long before = cpu();
    long used = 0;
    while (used < atLeast.toNanos()) {
      used = cpu() - before;
    }
    usedNanos.addAndGet(used);
  }

  private static long cpu() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private BigDecimal used() {
    return BigDecimal.valueOf(usedNanos.get() / 1_000, 6);
  }

  @Test
  void runaway_isInterrupted_failsNamingTheResource_andIsRetried() {
    Ledger.open(plinth, user, "0.3");
    try (Jobs runner =
        charged(
                OFTEN,
                (args, run) -> {
                  while (!Thread.currentThread().isInterrupted()) {
                    Thread.onSpinWait();
                  }
                  throw new InterruptedException();
                })
            .build()) {
      runner.start();
      JobId id = enqueue();

      await().until(() -> status(id) == JobStatus.FAILED);

      assertThat(jobs.attempts(id))
          .hasSize(2)
          .allSatisfy(
              attempt -> {
                assertThat(attempt.errorClass()).isEqualTo(UsageRefusedException.class.getName());
                assertThat(attempt.error())
                    .contains("no more of cpu_seconds")
                    .contains("the account is empty");
                assertThat(attempt.stackTrace())
                    .contains("Caused by: java.lang.InterruptedException");
              })
          .extracting(Attempt::outcome)
          .containsExactly(Attempt.Outcome.RETRIED, Attempt.Outcome.FAILED);
    }
    assertThat(Ledger.sum(plinth)).isEqualByComparingTo("0.3");
    // Once refused, an attempt is charged no more.
    assertThat(Ledger.entries(plinth)).filteredOn(entry -> !entry.granted()).hasSize(2);
    assertThat(jobs.check()).isEmpty();
  }

  @Test
  void longRun_isChargedAsItGoes_eachMicrosecondOnce() {
    Ledger.open(plinth, user, "1000");
    long begun = System.nanoTime();
    CountDownLatch seen = new CountDownLatch(1);
    try (Jobs runner =
        charged(
                OFTEN,
                (args, run) -> {
                  while (seen.getCount() > 0) {
                    burn(Duration.ofMillis(10));
                  }
                })
            .build()) {
      runner.start();
      JobId id = enqueue();
      await().until(() -> Ledger.entries(plinth).size() > 2);
      seen.countDown();
      await().until(() -> status(id) == JobStatus.COMPLETED);
    }
    assertThat(Ledger.entries(plinth))
        .extracting(Ledger.Entry::resource)
        .containsOnly("cpu_seconds");
    assertThat(Ledger.sum(plinth))
        .isGreaterThanOrEqualTo(used())
        .isLessThanOrEqualTo(BigDecimal.valueOf(System.nanoTime() - begun, 9));
  }

  @Test
  void shortRun_isChargedOnceItHasEnded_evenWhenThatIsRefused() {
    Ledger.open(plinth, user, "0.02");
    try (Jobs runner = charged(NEVER, (args, run) -> burn(Duration.ofMillis(40))).build()) {
      runner.start();
      JobId id = enqueue();
      await().until(() -> status(id) == JobStatus.COMPLETED);
    }
    assertThat(used()).isGreaterThan(new BigDecimal("0.02"));
    assertThat(Ledger.entries(plinth))
        .singleElement()
        .satisfies(
            entry -> {
              assertThat(entry.granted()).isFalse();
              assertThat(entry.amount()).isEqualByComparingTo("0.02");
            });
  }

  @Test
  void completeIn_chargesInItsTransaction_howeverLongThatHoldsTheAccount() {
    Ledger.open(plinth, user, "1000");
    AtomicReference<String> tx = new AtomicReference<>();
    try (Jobs runner =
        charged(
                OFTEN,
                (args, run) ->
                    plinth.transact(
                        mine -> {
                          tx.set(Ledger.id(mine));
                          Ledger.lock(mine, user);
                          // Some charges give up at the account meanwhile.
                          await().pollDelay(Duration.ofMillis(1_500)).until(() -> true);
                          burn(Duration.ofMillis(50));
                          run.completeIn(mine);
                          await().pollDelay(Duration.ofMillis(500)).until(() -> true);
                        }))
            .build()) {
      runner.start();
      JobId id = enqueue();
      await().until(() -> status(id) == JobStatus.COMPLETED);
      assertThat(jobs.attempts(id)).hasSize(1);
    }
    assertThat(Ledger.entries(plinth)).extracting(Ledger.Entry::tx).endsWith(tx.get());
    assertThat(Ledger.entries(plinth))
        .extracting(Ledger.Entry::tx)
        .filteredOn(tx.get()::equals)
        .hasSize(1);
    assertThat(Ledger.sum(plinth)).isGreaterThanOrEqualTo(used());
  }

  @Test
  void completeInIsRolledBack_whatItChargedIsChargedOnceInstead() {
    Ledger.open(plinth, user, "1000");
    try (Jobs runner =
        charged(
                NEVER,
                (args, run) ->
                    plinth.transact(
                        tx -> {
                          burn(Duration.ofMillis(30));
                          run.completeIn(tx);
                          throw new IllegalStateException("rolled back");
                        }))
            .build()) {
      runner.start();
      JobId id = enqueue();
      await().until(() -> status(id) == JobStatus.FAILED);
      assertThat(jobs.attempts(id)).hasSize(2);
    }
    assertThat(Ledger.entries(plinth)).hasSize(2);
    assertThat(Ledger.sum(plinth)).isGreaterThanOrEqualTo(used());
  }

  @Test
  void claimIsLost_chargesNothing() throws Exception {
    Ledger.open(plinth, user, "1000");
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Jobs runner =
        charged(
                NEVER,
                (args, run) -> {
                  begun.countDown();
                  CancelTest.awaitUninterruptibly(goOn);
                  burn(Duration.ofMillis(20));
                })
            .build();
    try (runner) {
      runner.start();
      enqueue();
      assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
      plinth.transact(
          tx -> Sql.update(tx.connection(), "UPDATE plinth.job_leases SET epoch = epoch + 1"));
      goOn.countDown();
    }
    assertThat(usedNanos.get()).isPositive();
    assertThat(Ledger.entries(plinth)).isEmpty();
  }

  @Test
  void jobWithoutUser_andOtherKind_areNotCharged() {
    Ledger.open(plinth, user, "0");
    try (Jobs runner =
        charged(NEVER, (args, run) -> burn(Duration.ofMillis(20)))
            .handle(Kinds.PLAIN, (args, run) -> burn(Duration.ofMillis(20)))
            .build()) {
      runner.start();
      JobId nobodys = jobs.enqueue(TWICE, new Number(1));
      JobId other = jobs.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().user(user));
      await().until(() -> status(nobodys) == JobStatus.COMPLETED);
      await().until(() -> status(other) == JobStatus.COMPLETED);
    }
    assertThat(Ledger.entries(plinth)).isEmpty();
  }

  @Test
  void badInput_namesTheArgument() {
    JobsBuilder builder = Jobs.builder(plinth);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.charge(TWICE, null, "cpu_seconds"))
        .withMessage("meter must not be null");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.chargeEvery(Duration.ofMillis(99)))
        .withMessageContaining("period in milliseconds must be");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.charge(TWICE, new Ledger(), "cpu_seconds").build())
        .withMessage("kind must have a handler to be charged, unlike twice");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.charge(TWICE, new Ledger(), "cpu_seconds"))
        .withMessage("kind must not be charged twice, but twice is already");
  }
}
