package dev.plinth.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.audit.AuditEntry;
import dev.plinth.audit.AuditLog;
import dev.plinth.audit.PageRequest;
import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.usage.Metered;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobOptions;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.RetryPolicy;
import dev.plinth.jobs.UsageRefusedException;
import dev.plinth.quota.Quotas;
import dev.plinth.quota.Window;
import dev.plinth.test.TestDatabase;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Jobs, quota and audit log, which know nothing of each other, in a host that has all three. */
class RunawayTest {
  record Work(boolean endless) {}

  private static final JobType<Work> WORK =
      JobType.of("work", Work.class)
          .withRetryPolicy(
              RetryPolicy.defaults()
                  .withMaxAttempts(5)
                  .withRetryable(failure -> !(failure instanceof UsageRefusedException)));

  private final TestDatabase database = TestDatabase.create();
  private Plinth plinth;
  private AuditLog audit;
  private Quotas quotas;
  private UUID user;

  @BeforeEach
  void open() {
    plinth = Plinth.builder().dataSource(database.pool(6)).build();
    plinth.migrations().migrate();
    audit = AuditLog.create(plinth);
    quotas = Quotas.builder(plinth).limit("cpu_seconds", 2, Window.perDay()).build();
    user = plinth.users().create(NewUser.withExternalId("ada")).id();
  }

  @AfterEach
  void close() {
    quotas.close();
    audit.close();
    plinth.close();
    database.close();
  }

  private BigDecimal used() {
    return quotas.usage(user).get(0).used();
  }

  private List<AuditEntry> history(String type, String id) {
    return audit.history(type, id, PageRequest.first(100)).items();
  }

  @Test
  void endlessLoop_isStoppedAtTheQuota_andTheTrailSaysSo() {
    try (Jobs jobs =
        Jobs.builder(plinth)
            .handle(
                WORK,
                (args, run) -> {
                  while (args.endless() && !Thread.currentThread().isInterrupted()) {
                    Thread.onSpinWait();
                  }
                })
            .charge(WORK, quotas.meter(), "cpu_seconds")
            .chargeEvery(Duration.ofMillis(500))
            .audited(WORK)
            .build()) {
      jobs.start();
      JobOptions mine = JobOptions.defaults().user(user);
      JobId harmless = jobs.enqueue(WORK, new Work(false), mine);
      await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> jobs.find(harmless).orElseThrow().status() == JobStatus.COMPLETED);
      BigDecimal usedByTheHarmless = used();

      JobId runaway = jobs.enqueue(WORK, new Work(true), mine);
      await()
          .atMost(Duration.ofMinutes(2))
          .until(() -> jobs.find(runaway).orElseThrow().status() == JobStatus.FAILED);

      assertThat(usedByTheHarmless).isPositive().isLessThan(BigDecimal.valueOf(2));
      assertThat(used()).isEqualByComparingTo("2");
      assertThat(jobs.attempts(runaway))
          .singleElement()
          .satisfies(
              attempt -> {
                assertThat(attempt.errorClass()).isEqualTo(UsageRefusedException.class.getName());
                assertThat(attempt.error()).contains("cpu_seconds").contains("of 2");
              });
      assertThat(history("job", harmless.toString()))
          .extracting(AuditEntry::action)
          .extracting(action -> action.name())
          .containsExactlyInAnyOrder("job.enqueued", "job.completed");
      assertThat(history("job", runaway.toString()))
          .extracting(entry -> entry.action().name())
          .containsExactlyInAnyOrder("job.enqueued", "job.failed");
      assertThat(history("job", runaway.toString()))
          .extracting(entry -> entry.action().metadata().text())
          .anySatisfy(text -> assertThat(text).contains("UsageRefusedException"));
      assertThat(history("quota", "cpu_seconds"))
          .extracting(entry -> entry.action().name())
          .containsOnly("quota.violated");
      assertThat(jobs.check()).isEmpty();
    }
  }

  @Test
  void meterRefuses_onceWhatWasLeftIsUsedUp() {
    plinth.transact(
        tx -> {
          assertThat(quotas.meter().charge(tx, user, "cpu_seconds", new BigDecimal("1.5")))
              .isEqualTo(new Metered.Granted());
          assertThat(quotas.meter().charge(tx, user, "cpu_seconds", new BigDecimal("0.75")))
              .isInstanceOfSatisfying(
                  Metered.Refused.class, refused -> assertThat(refused.why()).contains("1.5 of 2"));
        });
    assertThat(used()).isEqualByComparingTo("2");
    plinth.transact(
        tx ->
            assertThat(quotas.meter().charge(tx, user, "cpu_seconds", new BigDecimal("0.000001")))
                .isInstanceOf(Metered.Refused.class));
    assertThat(used()).isEqualByComparingTo("2");
    assertThat(quotas.violations(user, null, 10)).isNotEmpty();
  }
}
