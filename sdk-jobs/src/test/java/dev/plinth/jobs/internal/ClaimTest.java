package dev.plinth.jobs.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.DatabaseException;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Jobs;
import dev.plinth.test.PlinthTest;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@PlinthTest
class ClaimTest {
  private static final JobType<String> PLAIN = JobType.of("plain", String.class);

  @Test
  void next_instanceDeclaredDead_getsNothing(Plinth plinth, Jobs jobs) {
    plinth.start();
    JobId id = jobs.enqueue(PLAIN, "x");
    Claim claim = new Claim(plinth.schema(), Map.of("plain", 1));
    UUID dead = plinth.ids().next();
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                """
                INSERT INTO plinth.instances
                  (id, name, started_at, heartbeat_at, expires_at, ended_at, end_reason)
                SELECT ?, 'dead', now(), now(), now() + interval '1 hour', now(), 'expired'
                """,
                dead));

    Claimers claimers = new Claimers(plinth.schema());
    plinth.transact(tx -> claimers.register(tx, dead));

    assertThat(next(plinth, claim, dead)).isEmpty();
    assertThat(next(plinth, claim, UUID.randomUUID())).isEmpty();
    assertThat(next(plinth, claim, plinth.instances().id())).as("not a claimer").isEmpty();
    assertThat(jobs.find(id).orElseThrow().status()).isEqualTo(JobStatus.READY);

    plinth.transact(tx -> claimers.register(tx, plinth.instances().id()));
    assertThat(next(plinth, claim, plinth.instances().id())).hasSize(1);
  }

  @Tag("proof")
  @Test
  void next_processFreezesBeforeItCommits_jobIsFreeAgain(Plinth plinth, Jobs jobs) {
    plinth.start();
    jobs.enqueue(PLAIN, "x");
    Claim claim = new Claim(plinth.schema(), Map.of("plain", 1));
    plinth.transact(tx -> new Claimers(plinth.schema()).register(tx, plinth.instances().id()));

    assertThatExceptionOfType(DatabaseException.class)
        .isThrownBy(
            () ->
                plinth.transact(
                    frozen -> {
                      UUID instance = plinth.instances().id();
                      assertThat(claim.next(frozen, instance, instance, claim.lanes("default"), 10))
                          .hasSize(1);
                      await()
                          .until(
                              () ->
                                  plinth
                                          .transactSeparately(
                                              TxOptions.defaults(),
                                              tx ->
                                                  Sql.query(
                                                      tx.connection(),
                                                      "SELECT 1 FROM plinth.job_ready FOR UPDATE SKIP"
                                                          + " LOCKED",
                                                      row -> row.getInt(1)))
                                          .size()
                                      == 1);
                    }));
  }

  private static List<Claimed> next(Plinth plinth, Claim claim, UUID instance) {
    return plinth.transactReturning(
        tx -> claim.next(tx, instance, UUID.randomUUID(), claim.lanes("default"), 10));
  }
}
