package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.JoinedTx;
import dev.plinth.core.tx.ReadOnlyTransactionException;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class EnqueueTest {
  private Jobs jobs;

  @BeforeEach
  void create(Jobs injected) {
    jobs = injected;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
  }

  @Test
  void enqueue_hostRollsBack_leavesNothing(Plinth plinth, DataSource host) throws SQLException {
    try (Connection connection = host.getConnection()) {
      connection.setAutoCommit(false);
      JobId id = jobs.in(plinth.join(connection)).enqueue(Kinds.PLAIN, new Number(1));
      assertThat(jobs.in(plinth.join(connection)).find(id)).isPresent();
      assertThat(jobs.find(id)).isEmpty();

      connection.rollback();

      assertThat(jobs.find(id)).isEmpty();
    }
  }

  @Test
  void enqueue_hostCommits_isReady(Plinth plinth, DataSource host) throws SQLException {
    try (Connection connection = host.getConnection()) {
      connection.setAutoCommit(false);
      JoinedTx tx = plinth.join(connection, "acme");
      JobId id = jobs.in(tx).enqueue(Kinds.PLAIN, new Number(1));
      connection.commit();
      tx.committed();

      assertThat(jobs.find(id))
          .hasValueSatisfying(
              job -> {
                assertThat(job.status()).isEqualTo(JobStatus.READY);
                assertThat(job.tenantId()).isEqualTo("acme");
                assertThat(job.type()).isEqualTo("plain");
                assertThat(job.queue()).isEqualTo("default");
              });
    }
  }

  @Test
  void transactionOfATenant_seesThatTenantsRowsOnly(Plinth plinth) {
    UUID nobodys = plinth.users().create(NewUser.withExternalId("grace")).id();
    TxOptions acme = TxOptions.defaults().withTenant("acme");
    TxOptions other = TxOptions.defaults().withTenant("other");
    BatchId batch = plinth.transactReturning(acme, tx -> jobs.in(tx).batch("b").create());
    JobId id =
        plinth.transactReturning(
            acme,
            tx ->
                jobs.in(tx)
                    .enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().batch(batch)));

    plinth.transact(
        other,
        tx -> {
          JobQueue queue = jobs.in(tx);
          assertThat(queue.find(id)).isEmpty();
          assertThat(queue.attempts(id)).isEmpty();
          assertThat(queue.retry(id)).isFalse();
          assertThat(queue.batch(batch)).isEmpty();
          assertThat(queue.seal(batch)).isFalse();
          assertThat(queue.list(JobFilter.all(), Page.first(10))).isEmpty();
          assertThatThrownBy(
                  () ->
                      queue.enqueue(Kinds.PLAIN, new Number(2), JobOptions.defaults().batch(batch)))
              .isInstanceOf(BatchClosedException.class);
          assertThatThrownBy(
                  () ->
                      queue.enqueue(
                          Kinds.PLAIN, new Number(2), JobOptions.defaults().user(nobodys)))
              .isInstanceOf(UnknownUserException.class);
        });
    plinth.transact(
        acme,
        tx -> {
          assertThat(jobs.in(tx).find(id)).isPresent();
          assertThat(jobs.in(tx).batch(batch)).isPresent();
          assertThat(jobs.in(tx).list(JobFilter.all(), Page.first(10))).hasSize(1);
        });
    assertThat(jobs.find(id)).isPresent();
  }

  @Test
  void runAt_beyondWhatCanBeKept_isRefused() {
    assertThatThrownBy(() -> JobOptions.defaults().runAt(Instant.MAX))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("from the year 2000 to 9999");
    assertThatThrownBy(() -> JobOptions.defaults().runAt(Instant.MIN))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void enqueue_withOptions_keepsThem(Plinth plinth) {
    UUID user = plinth.users().create(NewUser.withExternalId("ada")).id();
    JobId parent = jobs.enqueue(Kinds.PLAIN, new Number(0));
    Instant at = plinth.clock().instant().plusSeconds(3600);

    JobId id =
        jobs.enqueue(
            Kinds.PLAIN.withVersion(3),
            new Number(1),
            JobOptions.defaults()
                .runAt(at)
                .priority(7)
                .user(user)
                .queue("slow")
                .maxAttempts(2)
                .parent(parent));

    Job job = jobs.find(id).orElseThrow();
    assertThat(job.status()).isEqualTo(JobStatus.SCHEDULED);
    assertThat(job.runAt()).isBetween(at.minusMillis(1), at.plusMillis(1));
    assertThat(job.priority()).isEqualTo(7);
    assertThat(job.userId()).isEqualTo(user);
    assertThat(job.queue()).isEqualTo("slow");
    assertThat(job.maxAttempts()).isEqualTo(2);
    assertThat(job.parent()).isEqualTo(parent);
    assertThat(job.version()).isEqualTo(3);
    assertThat(jobs.list(JobFilter.all().user(user), Page.first(10)))
        .extracting(Job::id)
        .containsExactly(id);
    assertThat(jobs.list(JobFilter.all().parent(parent), Page.first(10)))
        .extracting(Job::id)
        .containsExactly(id);
    assertThat(jobs.list(JobFilter.all().status(JobStatus.SCHEDULED), Page.first(10)))
        .extracting(Job::id)
        .containsExactly(id);
    assertThat(jobs.list(JobFilter.all().type(Kinds.OTHER), Page.first(10))).isEmpty();
  }

  @Test
  void enqueue_unknownUser_refusedAndTransactionGoesOn(Plinth plinth) {
    UUID nobody = UUID.randomUUID();

    plinth.transact(
        tx -> {
          assertThatThrownBy(
                  () ->
                      jobs.in(tx)
                          .enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().user(nobody)))
              .isInstanceOf(UnknownUserException.class)
              .hasMessageContaining(nobody.toString());
          jobs.in(tx).enqueue(Kinds.PLAIN, new Number(2));
        });

    assertThat(jobs.list(JobFilter.all(), Page.first(10))).hasSize(1);
  }

  @Test
  void enqueue_readOnlyConnection_refused(Plinth plinth, DataSource host) throws SQLException {
    try (Connection connection = host.getConnection()) {
      connection.setReadOnly(true);
      connection.setAutoCommit(false);
      assertThatThrownBy(() -> jobs.in(plinth.join(connection)).enqueue(Kinds.PLAIN, new Number(1)))
          .isInstanceOf(ReadOnlyTransactionException.class);
      connection.rollback();
      connection.setReadOnly(false);
    }
  }

  @Test
  void list_pages_walkEveryJobOnce() {
    List<JobId> ids =
        jobs.enqueueAll(
            Kinds.PLAIN,
            IntStream.range(0, 25).mapToObj(Number::new).toList(),
            JobOptions.defaults());

    List<JobId> walked = new ArrayList<>();
    Page page = Page.first(10);
    for (List<Job> jobsOfPage = jobs.list(JobFilter.all(), page);
        !jobsOfPage.isEmpty();
        jobsOfPage = jobs.list(JobFilter.all(), page)) {
      jobsOfPage.forEach(job -> walked.add(job.id()));
      page = page.after(walked.get(walked.size() - 1));
    }

    assertThat(walked).hasSize(25).containsExactlyInAnyOrderElementsOf(ids);
    assertThat(walked.get(0)).isEqualTo(ids.get(24));
  }

  @Test
  void enqueue_badInput_namesTheArgument() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> jobs.enqueue(Kinds.PLAIN, null))
        .withMessage("args must not be null");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> jobs.enqueue(null, new Number(1)))
        .withMessage("kind must not be null");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> jobs.enqueue(Kinds.PLAIN, new Number(1), null))
        .withMessage("options must not be null");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JobOptions.defaults().priority(101))
        .withMessage("priority must be between -100 and 100, but is 101");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JobOptions.defaults().delay(Duration.ofSeconds(-1)))
        .withMessage("delay must not be negative, but is PT-1S");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JobOptions.defaults().delay(Duration.ZERO).runAt(Instant.EPOCH))
        .withMessage("delay must not be combined with runAt");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JobType.of(" ", Number.class))
        .withMessage("name must not be blank");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> jobs.batch(""))
        .withMessage("name must not be blank");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Page.first(0))
        .withMessage("limit must be between 1 and 1000, but is 0");
    assertThat(jobs.enqueueAll(Kinds.PLAIN, List.of(), JobOptions.defaults())).isEmpty();
    assertThat(jobs.find(new JobId(UUID.randomUUID()))).isEmpty();
    assertThat(jobs.retry(new JobId(UUID.randomUUID()))).isFalse();
  }

  @Test
  void start_withoutHandlers_saysWhatToDo() {
    assertThatThrownBy(jobs::start)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("handle(");
  }

  @Test
  void check_brokenRows_namesThem(Plinth plinth) {
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
    plinth.transact(
        TxOptions.defaults(),
        tx ->
            Sql.update(
                tx.connection(), "DELETE FROM plinth.job_ready WHERE job_id = ?", id.value()));

    assertThat(jobs.check())
        .extracting(Fault::invariant, Fault::subject)
        .containsExactly(tuple("not-nowhere", id.toString()));

    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(), "DELETE FROM plinth.computational_jobs WHERE id = ?", id.value()));
  }
}
