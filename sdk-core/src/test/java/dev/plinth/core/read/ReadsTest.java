package dev.plinth.core.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.User;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.ReadOnlyTransactionException;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.ReplicatedDatabase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** On a real streaming replica, whose replay is paused to make it lag. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReadsTest {
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final ReadOptions NEVER_PRIMARY =
      ReadOptions.defaults().withWhenBehind(new WhenBehind.Fail(LONG));
  private static final ReadOptions NOT_WAITING =
      ReadOptions.defaults().withWhenBehind(new WhenBehind.Fail(Duration.ZERO));

  private final AtomicInteger names = new AtomicInteger();
  private ReplicatedDatabase replicated;
  private HikariDataSource pool;
  private HikariDataSource replicaPool;
  private Plinth plinth;

  @BeforeAll
  void connect() {
    replicated = ReplicatedDatabase.create();
    pool = replicated.database().pool(4);
    replicaPool = replicated.replicaPool(2);
    plinth = replicated.database().plinth(pool).readDataSource(replicaPool).build();
  }

  @AfterAll
  void disconnect() {
    plinth.close();
    replicated.close();
  }

  @Test
  void read_withoutToken_isServedByReplica() {
    assertThat(plinth.reads().<Boolean, RuntimeException>read(ReadsTest::isReplica)).isTrue();
  }

  @Test
  void read_withTokenOfOwnWrite_seesItOnReplica() {
    for (int i = 0; i < 50; i++) {
      Written<User> written = write();
      boolean found =
          plinth
              .reads()
              .<Boolean, RuntimeException>read(
                  NEVER_PRIMARY.withAfter(written.position()),
                  tx ->
                      isReplica(tx)
                          && plinth.users().in(tx).find(written.result().id()).isPresent());
      assertThat(found).isTrue();
    }
  }

  @Test
  void read_standaloneCallsInside_areServedByReplica() {
    Written<User> written = write();
    assertThat(
            plinth
                .reads()
                .<List<User>, RuntimeException>read(
                    NEVER_PRIMARY.withAfter(written.position()),
                    tx -> plinth.users().page(null, 1000)))
        .extracting(User::id)
        .contains(written.result().id());
    assertThat(replicaPool.getHikariPoolMXBean().getActiveConnections()).isZero();
  }

  @Test
  void read_replicaBehind_goesToPrimaryAndFindsTheWrite() {
    replicated.pauseReplay();
    try {
      Written<User> written = write();
      ReadOptions options =
          ReadOptions.defaults()
              .withWhenBehind(new WhenBehind.FallBackToPrimary(Duration.ofMillis(50)));
      assertThat(find(options, written)).isFalse();
      assertThat(find(options.withAfter(written.position()), written)).isTrue();
      assertThat(
              plinth
                  .reads()
                  .<Boolean, RuntimeException>read(
                      options.withAfter(written.position()), ReadsTest::isReplica))
          .isFalse();
    } finally {
      replicated.resumeReplay();
    }
  }

  @Test
  void read_replicaBehindAndPrimaryForbidden_fails() {
    replicated.pauseReplay();
    try {
      Written<User> written = write();
      assertThatThrownBy(() -> find(NOT_WAITING.withAfter(written.position()), written))
          .isInstanceOf(ReplicaBehindException.class)
          .hasMessageContaining("has not replayed");
    } finally {
      replicated.resumeReplay();
    }
  }

  @Test
  void read_replicaCatchesUp_waitsForItWithoutHoldingAConnection() throws Exception {
    replicated.pauseReplay();
    CompletableFuture<Boolean> found;
    try {
      Written<User> written = write();
      found =
          CompletableFuture.supplyAsync(
              () -> find(NEVER_PRIMARY.withAfter(written.position()), written));
      // More readers wait than the pool has connections, and others are served meanwhile.
      for (int i = 0; i < 6; i++) {
        CompletableFuture.runAsync(
            () -> find(NEVER_PRIMARY.withAfter(written.position()), written));
      }
      for (int i = 0; i < 20; i++) {
        assertThat(find(NOT_WAITING, written)).isFalse();
      }
      assertThat(found).isNotDone();
    } finally {
      replicated.resumeReplay();
    }
    assertThat(found.get(2, TimeUnit.MINUTES)).isTrue();
  }

  @Test
  void read_afterHostsOwnCommit_seesItByPosition() throws Exception {
    User user;
    try (var connection = pool.getConnection()) {
      connection.setAutoCommit(false);
      user = plinth.users().in(plinth.join(connection)).create(newUser());
      connection.commit();
    }
    LogPosition position = plinth.reads().position();
    assertThat(find(NEVER_PRIMARY.withAfter(position), new Written<>(user, position))).isTrue();
  }

  @Test
  void read_write_isRefusedOnReplicaAndOnPrimary() {
    LogPosition foreign = LogPosition.of("1", 1, "0/1");
    for (ReadOptions options :
        List.of(ReadOptions.defaults(), ReadOptions.defaults().withAfter(foreign))) {
      assertThatThrownBy(() -> plinth.reads().read(options, tx -> plinth.users().create(newUser())))
          .isInstanceOf(ReadOnlyTransactionException.class);
      assertThatThrownBy(
              () ->
                  plinth
                      .reads()
                      .read(options, tx -> Sql.update(tx.connection(), "DELETE FROM plinth.users")))
          .isInstanceOf(ReadOnlyTransactionException.class);
    }
    // The connections went back writable.
    assertThat(write().result()).isNotNull();
  }

  @Test
  void read_tokenOfAnotherClusterOrTimeline_isNotAnsweredByReplica() {
    LogPosition own = write().position();
    replicated.awaitReplay();
    for (LogPosition other :
        List.of(
            LogPosition.of("42", own.timeline(), own.lsn()),
            LogPosition.of(own.system(), own.timeline() + 1, own.lsn()))) {
      assertThat(
              plinth
                  .reads()
                  .<Boolean, RuntimeException>read(
                      ReadOptions.defaults().withAfter(other), ReadsTest::isReplica))
          .isFalse();
      assertThatThrownBy(
              () -> plinth.reads().read(NEVER_PRIMARY.withAfter(other), ReadsTest::isReplica))
          .isInstanceOf(ReplicaBehindException.class)
          .hasMessageContaining("another cluster or timeline");
    }
  }

  @Test
  void read_inATransaction_takesPartInIt() {
    plinth.transact(
        tx -> {
          User user = plinth.users().in(tx).create(newUser());
          boolean seen =
              plinth
                  .reads()
                  .<Boolean, RuntimeException>read(
                      NOT_WAITING, reading -> plinth.users().find(user.id()).isPresent());
          assertThat(seen).isTrue();
          assertThatThrownBy(() -> plinth.reads().position())
              .isInstanceOf(IllegalStateException.class);
          assertThatThrownBy(() -> write()).isInstanceOf(IllegalStateException.class);
        });
  }

  @Test
  void read_cancelledInFavourOfReplay_isRepeatedOnPrimary() {
    AtomicInteger runs = new AtomicInteger();
    boolean replica =
        plinth
            .reads()
            .<Boolean, RuntimeException>read(
                tx -> {
                  runs.incrementAndGet();
                  boolean here = isReplica(tx);
                  if (here) {
                    Sql.execute(
                        tx.connection(),
                        "DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END $$");
                  }
                  return here;
                });
    assertThat(replica).isFalse();
    assertThat(runs).hasValue(2);
  }

  @Test
  void read_replicaAway_goesToPrimaryAndComesBack() {
    replicated.stopReplica();
    try {
      for (int i = 0; i < 3; i++) {
        assertThat(plinth.reads().<Boolean, RuntimeException>read(ReadsTest::isReplica)).isFalse();
      }
      assertThatThrownBy(() -> plinth.reads().read(NOT_WAITING, ReadsTest::isReplica))
          .isInstanceOf(ReplicaBehindException.class)
          .hasMessageContaining("does not answer");
    } finally {
      startReplica();
    }
  }

  @Test
  void read_replicaKilledDuringTheWork_isRepeatedOnPrimary() {
    try {
      AtomicInteger runs = new AtomicInteger();
      String answer =
          plinth
              .reads()
              .<String, RuntimeException>read(
                  tx -> {
                    if (runs.incrementAndGet() == 1) {
                      assertThat(isReplica(tx)).isTrue();
                      replicated.stopReplica();
                    }
                    return isReplica(tx) ? "replica" : "primary";
                  });
      assertThat(answer).isEqualTo("primary");
      assertThat(runs).hasValue(2);
    } finally {
      startReplica();
    }
  }

  @Test
  void writing_workThrows_commitsNothingAndThrowsIt() {
    NewUser user = newUser();
    assertThatThrownBy(
            () ->
                plinth
                    .reads()
                    .writing(
                        TxOptions.defaults(),
                        tx -> {
                          plinth.users().in(tx).create(user);
                          throw new IllegalArgumentException("no");
                        }))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no");
    assertThat(plinth.users().findByEmail(user.email())).isEmpty();
    assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
  }

  @Test
  void writing_deferredConstraintFails_saysSoRatherThanUnknown() {
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                "CREATE TABLE IF NOT EXISTS deferred (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)"));
    assertThatThrownBy(
            () ->
                plinth
                    .reads()
                    .writing(
                        TxOptions.defaults(),
                        tx -> Sql.update(tx.connection(), "INSERT INTO deferred VALUES (1), (1)")))
        .isInstanceOf(dev.plinth.core.tx.DatabaseException.class)
        .hasMessageContaining("23505");
    assertThat(write().result()).isNotNull();
  }

  @Test
  void writing_synchronousCommitOff_positionStillImpliesTheWrite() {
    for (int i = 0; i < 20; i++) {
      Written<User> written =
          plinth
              .reads()
              .<User, RuntimeException>writing(
                  TxOptions.defaults(),
                  tx -> {
                    Sql.execute(tx.connection(), "SET LOCAL synchronous_commit = off");
                    return plinth.users().in(tx).create(newUser());
                  });
      assertThat(find(NEVER_PRIMARY.withAfter(written.position()), written)).isTrue();
    }
  }

  /** Returns when reads go there again. */
  private void startReplica() {
    replicated.startReplica();
    await()
        .atMost(LONG)
        .untilAsserted(
            () ->
                assertThat(plinth.reads().<Boolean, RuntimeException>read(ReadsTest::isReplica))
                    .isTrue());
  }

  private Written<User> write() {
    return plinth
        .reads()
        .<User, RuntimeException>writing(
            TxOptions.defaults(), tx -> plinth.users().in(tx).create(newUser()));
  }

  private boolean find(ReadOptions options, Written<User> written) {
    return plinth
        .reads()
        .<Boolean, RuntimeException>read(
            options, tx -> plinth.users().in(tx).find(written.result().id()).isPresent());
  }

  private NewUser newUser() {
    return NewUser.withEmail("reader" + names.incrementAndGet() + "@example.org");
  }

  private static boolean isReplica(Tx tx) {
    return Sql.query(
            tx.connection(), "SELECT pg_catalog.pg_is_in_recovery()", row -> row.getBoolean(1))
        .get(0);
  }
}
