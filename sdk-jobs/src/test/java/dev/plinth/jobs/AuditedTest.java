package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a subscriber writes in the transactions of jobs that are to be audited. */
@PlinthTest
class AuditedTest {
  private Plinth plinth;
  private UUID user;
  private Subscription trail;
  private volatile boolean isFull;

  @BeforeEach
  void listen(Plinth injected) {
    plinth = injected;
    user = plinth.users().create(NewUser.withExternalId("ada")).id();
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                "DROP TABLE IF EXISTS trail;"
                    + " CREATE TABLE trail (n bigserial, entry text, job text, user_id uuid)"));
    trail =
        plinth.events().inTransaction(PlinthEvent.class, (tx, event) -> write(tx, event.fact()));
  }

  @AfterEach
  void close() {
    trail.close();
  }

  private void write(Tx tx, Fact fact) {
    if (isFull) {
      throw new IllegalStateException("The trail is full");
    }
    Sql.update(
        tx.connection(),
        "INSERT INTO trail (entry, job, user_id) VALUES (?, ?, ?)",
        fact.action() + " " + fact.details().text().contains("\"plain\""),
        fact.resourceId(),
        fact.userId());
  }

  private List<String> trail(JobId id) {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                tx.connection(),
                "SELECT entry FROM trail WHERE job = ? AND user_id IS NOT DISTINCT FROM ?"
                    + " ORDER BY n",
                row -> row.getString(1),
                id.toString(),
                user));
  }

  private Jobs jobs(JobAction<Number> action) {
    return Jobs.builder(plinth)
        .handle(Kinds.PLAIN, action)
        .handle(Kinds.OTHER, (args, run) -> {})
        .audited(Kinds.PLAIN)
        .pollInterval(Duration.ofMillis(50))
        .build();
  }

  @Test
  void auditedKind_tellsOfEnqueueingAndCompletion_otherKindsOfNeither() {
    try (Jobs jobs =
        jobs(
            (args, run) -> {
              if (args.value() == 2) {
                plinth.transact(run::completeIn);
              }
            })) {
      jobs.start();
      JobOptions mine = JobOptions.defaults().user(user);
      JobId byReturning = jobs.enqueue(Kinds.PLAIN, new Number(1), mine);
      JobId inTransaction = jobs.enqueue(Kinds.PLAIN, new Number(2), mine);
      JobId other = jobs.enqueue(Kinds.OTHER, new Number(3), mine);
      for (JobId id : List.of(byReturning, inTransaction, other)) {
        await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.COMPLETED);
      }
      assertThat(trail(byReturning)).containsExactly("job.enqueued true", "job.completed true");
      assertThat(trail(inTransaction)).containsExactly("job.enqueued true", "job.completed true");
      assertThat(trail(other)).isEmpty();
    }
  }

  @Test
  void trailCannotBeWritten_neitherIsTheJob() {
    try (Jobs jobs = jobs((args, run) -> {})) {
      isFull = true;
      assertThatThrownBy(() -> jobs.enqueue(Kinds.PLAIN, new Number(1)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("The trail is full");
      JobId other = jobs.enqueue(Kinds.OTHER, new Number(2));
      assertThat(jobs.list(JobFilter.all(), Page.first(10)))
          .extracting(Job::id)
          .containsExactly(other);
    }
  }
}
