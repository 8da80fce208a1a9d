package dev.plinth.core.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.json.Json;
import dev.plinth.core.session.SessionAuthentication.Active;
import dev.plinth.core.session.SessionAuthentication.Expired;
import dev.plinth.core.session.SessionAuthentication.Unknown;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestNodes;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("proof")
@PlinthTest
class SessionsRaceTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int ROUNDS = LARGE ? 300 : 5;

  private final ExecutorService threads = Executors.newFixedThreadPool(16);
  private final Plinth plinth;
  private final Sessions sessions;
  private final SettableClock clock;
  private final DataSource pool;
  private UUID ada = new UUID(0, 0);

  SessionsRaceTest(Plinth plinth, SettableClock clock, DataSource pool) {
    this.plinth = plinth;
    this.sessions = plinth.sessions();
    this.clock = clock;
    this.pool = pool;
  }

  @BeforeEach
  void user() {
    ada = plinth.users().create(NewUser.withEmail("ada@example.org")).id();
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @Test
  void regenerate_byManyAtOnce_oneTokenIsGood() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      regenerateAtOnce();
    }
  }

  private void regenerateAtOnce() throws Exception {
    String token = sessions.start(NewSession.of(ada)).revealToken();
    List<Callable<Optional<StartedSession>>> calls = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      calls.add(() -> sessions.regenerate(token));
    }

    List<StartedSession> fresh = atOnce(calls).stream().flatMap(Optional::stream).toList();

    assertThat(fresh).hasSize(1);
    assertThat(sessions.authenticate(fresh.get(0).revealToken())).isInstanceOf(Active.class);
    assertThat(sessions.authenticate(token)).isEqualTo(new Unknown());
  }

  @Test
  void mergeData_differentMembersAtOnce_loseNothing() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      mergeAtOnce();
    }
  }

  private void mergeAtOnce() throws Exception {
    UUID id = sessions.start(NewSession.of(ada)).session().id();

    atOnce(
        IntStream.range(0, 16)
            .<Callable<Optional<Json>>>mapToObj(
                i -> () -> sessions.mergeData(id, Json.of("{\"m" + i + "\": " + i + "}")))
            .toList());

    Session session = sessions.find(id).orElseThrow();
    assertThat(session.version()).isEqualTo(17);
    for (int i = 0; i < 16; i++) {
      assertThat(session.data().text()).contains("\"m" + i + "\": " + i);
    }
  }

  @Test
  void replaceData_sameVersionAtOnce_oneWins() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      replaceAtOnce();
    }
  }

  private void replaceAtOnce() throws Exception {
    UUID id = sessions.start(NewSession.of(ada)).session().id();

    List<Boolean> won =
        atOnce(
            IntStream.range(0, 8)
                .<Callable<Boolean>>mapToObj(
                    i -> () -> sessions.replaceData(id, 1, Json.of("{\"by\": " + i + "}")))
                .toList());

    assertThat(won).filteredOn(one -> one).hasSize(1);
  }

  @Test
  void revokeAllAtOnce_eachEndsOnceAndNobodyDeadlocks() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      revokeAtOnce();
    }
  }

  private void revokeAtOnce() throws Exception {
    for (int i = 0; i < 50; i++) {
      sessions.start(NewSession.of(ada));
    }

    List<Integer> ended =
        atOnce(
            IntStream.range(0, 8)
                .<Callable<Integer>>mapToObj(i -> () -> sessions.revokeAll(ada))
                .toList());

    assertThat(ended.stream().mapToInt(Integer::intValue).sum()).isEqualTo(50);
  }

  @Test
  void activity_ofManyNodesAtOnce_isWrittenAndNeverEndsASession(TestNodes nodes) throws Exception {
    StartedSession started = sessions.start(NewSession.of(ada));
    List<Sessions> everywhere =
        List.of(
            nodes.start("a").plinth().sessions(), nodes.start("b").plinth().sessions(), sessions);
    for (int round = 0; round < 3; round++) {
      Instant before = activity(started);
      clock.advance(Duration.ofMinutes(20));
      List<Callable<SessionAuthentication>> calls = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        Sessions node = everywhere.get(i % 3);
        calls.add(() -> node.authenticate(started.revealToken()));
      }
      assertThat(atOnce(calls)).hasOnlyElementsOfType(Active.class);
      await().until(() -> activity(started).isAfter(before));
    }
  }

  @Test
  void authenticate_rowLockedByAnotherTransaction_doesNotWait() throws Exception {
    StartedSession started = sessions.start(NewSession.of(ada));
    clock.advance(Duration.ofMinutes(20));
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Sql.query(host, "SELECT FROM plinth.sessions FOR UPDATE", row -> 1);

      assertThat(threads.submit(() -> sessions.authenticate(started.revealToken())).get())
          .isInstanceOf(Active.class);
      host.rollback();
    }
    assertThat(activity(started)).isEqualTo(started.session().lastActivityAt());
  }

  @Test
  void cleanUp_deletesWhatEndedAMonthAgo_andKeepsTheRest() {
    StartedSession idle = sessions.start(NewSession.of(ada));
    StartedSession revoked =
        sessions.start(NewSession.of(ada).withTimeouts(Duration.ofDays(400), Duration.ofDays(400)));
    sessions.revoke(revoked.session().id());
    StartedSession longLived =
        sessions.start(NewSession.of(ada).withTimeouts(Duration.ofDays(400), Duration.ofDays(400)));
    clock.advance(Duration.ofDays(29));
    StartedSession endedLater = sessions.start(NewSession.of(ada));
    plinth.maintenance().runNow("core.sessions");
    assertThat(sessions.find(idle.session().id())).isPresent();

    clock.advance(Duration.ofDays(2));
    plinth.maintenance().runNow("core.sessions");

    assertThat(sessions.find(idle.session().id())).isEmpty();
    assertThat(sessions.find(revoked.session().id())).isEmpty();
    assertThat(sessions.authenticate(longLived.revealToken())).isInstanceOf(Active.class);
    assertThat(sessions.authenticate(endedLater.revealToken())).isInstanceOf(Expired.class);
  }

  /** The task skips what is locked, and somebody logs in between its batches. */
  @Test
  void cleanUp_ofMany_waitsForNobodyAndLetsNobodyWait() throws Exception {
    int many = LARGE ? 1_000_000 : 3_500;
    UUID locked = sessions.start(NewSession.of(ada)).session().id();
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                """
                INSERT INTO plinth.sessions
                  (id, user_id, token_hash, idle_timeout, idle_expires_at, expires_at)
                SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0')
                         || '7' || lpad(to_hex(n % 4096), 3, '0') || '8'
                         || substr(md5(n::text), 1, 15))::uuid,
                       ?, sha256(n::text::bytea), interval '1 hour', now(), now()
                FROM generate_series(1, ?) AS n
                """,
                ada,
                many));
    clock.advance(Duration.ofDays(31));
    long began = System.nanoTime();
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Sql.query(
          host, "SELECT FROM plinth.sessions WHERE id = '" + locked + "' FOR UPDATE", row -> 1);
      Future<Boolean> cleaning = threads.submit(() -> plinth.maintenance().runNow("core.sessions"));
      int logIns = 0;
      while (!cleaning.isDone() || logIns < 5) {
        String token = sessions.start(NewSession.of(ada)).revealToken();
        assertThat(sessions.authenticate(token)).isInstanceOf(Active.class);
        logIns++;
      }
      assertThat(cleaning.get()).isTrue();
      if (LARGE) {
        System.out.printf(
            "cleaned %d sessions in %.1f s, %d log-ins meanwhile%n",
            many, (System.nanoTime() - began) / 1e9, logIns);
      }
      host.rollback();
    }
    assertThat(plinth.maintenance().status())
        .filteredOn(task -> task.name().equals("core.sessions"))
        .allSatisfy(task -> assertThat(task.lastError()).isNull());
    assertThat(expired()).isEqualTo(1);
    plinth.maintenance().runNow("core.sessions");
    assertThat(expired()).isZero();
  }

  private long expired() {
    return plinth.<Long, RuntimeException>transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    "SELECT count(*) FROM plinth.sessions WHERE created_at < now()"
                        + " AND idle_expires_at < now() + interval '1 day'",
                    row -> row.getLong(1))
                .get(0));
  }

  private Instant activity(StartedSession started) {
    return sessions.find(started.session().id()).orElseThrow().lastActivityAt();
  }

  private <T> List<T> atOnce(List<Callable<T>> calls) throws Exception {
    CyclicBarrier start = new CyclicBarrier(calls.size());
    List<Callable<T>> together = new ArrayList<>();
    for (Callable<T> call : calls) {
      together.add(
          () -> {
            start.await();
            return call.call();
          });
    }
    List<T> results = new ArrayList<>();
    for (Future<T> outcome : threads.invokeAll(together)) {
      results.add(outcome.get());
    }
    return results;
  }
}
