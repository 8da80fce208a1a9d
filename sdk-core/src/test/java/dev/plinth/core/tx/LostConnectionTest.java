package dev.plinth.core.tx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.lock.Lock;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.FaultyProxy;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is told, and what is durable, when the network fails; and what goes over it. */
@PlinthTest
class LostConnectionTest {
  private final FaultyProxy network;
  private final HikariDataSource pool;
  private final Plinth far;
  private final Plinth near;

  LostConnectionTest(TestDatabase database, Plinth near) {
    this.near = near;
    this.network = FaultyProxy.to(database);
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(network.url());
    config.setMaximumPoolSize(1);
    config.setConnectionTimeout(10_000);
    this.pool = new HikariDataSource(config);
    this.far = Plinth.builder().dataSource(pool).build();
  }

  @AfterEach
  void close() {
    far.close();
    pool.close();
    network.close();
  }

  @Test
  void answerToCommitLost_isUnknownAndTheRowIsThere() {
    List<String> ran = new ArrayList<>();
    AtomicInteger attempts = new AtomicInteger();
    network.loseNextCommit(FaultyProxy.Loss.AFTER_IT_HAPPENED);

    assertThatThrownBy(
            () ->
                far.transact(
                    tx -> {
                      attempts.incrementAndGet();
                      tx.afterCommit(() -> ran.add("callback"));
                      far.users().create(NewUser.withExternalId("a"));
                    }))
        .isInstanceOf(OutcomeUnknownException.class)
        .hasMessageContaining("Look for its effect, by the ids it used, before repeating it");

    assertThat(near.users().findByExternalId("a")).isPresent();
    assertThat(attempts).hasValue(1);
    assertThat(ran).isEmpty();
    // The pool has thrown the connection away, and the id makes the repetition safe.
    assertThat(far.users().findOrCreate(NewUser.withExternalId("a")))
        .isEqualTo(near.users().findByExternalId("a").orElseThrow());
  }

  @Test
  void commitItselfLost_isUnknownAndTheRowIsNotThere() {
    network.loseNextCommit(FaultyProxy.Loss.BEFORE_IT_HAPPENED);

    assertThatThrownBy(() -> far.users().create(NewUser.withExternalId("b")))
        .isInstanceOf(OutcomeUnknownException.class);

    assertThat(near.users().findByExternalId("b")).isEmpty();
  }

  @Test
  void connectionLostDuringTheWork_isToldAndNothingIsDurable() {
    assertThatThrownBy(
            () ->
                far.transact(
                    tx -> {
                      far.users().create(NewUser.withExternalId("c"));
                      network.cutAll();
                      far.users().create(NewUser.withExternalId("d"));
                    }))
        .isInstanceOfSatisfying(
            DatabaseException.class,
            e -> assertThat(e.sqlState()).hasValueSatisfying(s -> assertThat(s).startsWith("08")));

    assertThat(near.users().findByExternalId("c")).isEmpty();
  }

  @Test
  void connectionLostAndTheWorkSwallowsIt_isKnownNotToBeCommitted() {
    assertThatThrownBy(
            () ->
                far.transact(
                    tx -> {
                      far.users().create(NewUser.withExternalId("e"));
                      network.cutAll();
                      assertThatThrownBy(() -> Sql.execute(tx.connection(), "SELECT 1"))
                          .isInstanceOf(DatabaseException.class);
                    }))
        .isInstanceOf(DatabaseException.class)
        .hasMessageContaining("lost or closed before the commit, so nothing is durable");

    assertThat(near.users().findByExternalId("e")).isEmpty();
  }

  @Test
  void serverCannotBeReached_saysThatNothingWasDone() {
    network.refuseNew(true);
    network.cutAll();
    pool.getHikariPoolMXBean().softEvictConnections();

    assertThatThrownBy(() -> far.users().create(NewUser.withExternalId("f")))
        .isInstanceOf(ConnectionUnavailableException.class)
        .hasMessageContaining("No connection could be had");
  }

  @Test
  void ownTransaction_ofOneStatement_isTwoRoundTrips() {
    select();
    long before = network.roundTrips();
    for (int i = 0; i < 20; i++) {
      select();
    }

    // BEGIN travels with the statement, COMMIT alone.
    assertThat(network.roundTrips() - before).isEqualTo(40);
  }

  @Test
  void creatingAUser_isTwoRoundTrips() {
    select();
    long before = network.roundTrips();
    far.users().create(NewUser.withExternalId("g"));

    assertThat(network.roundTrips() - before).isEqualTo(2);
  }

  @Test
  void everyWayToWorkInATransaction_addsNoMoreThanTheCommit() throws Exception {
    select();
    far.locks().tryAcquire("known").orElseThrow().release();
    Lock lock = far.locks().tryAcquire("known").orElseThrow();
    lock.isHeld();

    assertThat(trips(() -> far.transact(LostConnectionTest::select))).as("transact").isEqualTo(2);
    assertThat(
            trips(
                () ->
                    far.transactReturning(
                        tx -> {
                          select(tx);
                          return 1;
                        })))
        .as("transactReturning")
        .isEqualTo(2);
    assertThat(
            trips(
                () ->
                    far.transactSeparately(
                        TxOptions.defaults(),
                        tx -> {
                          select(tx);
                          return 1;
                        })))
        .as("transactSeparately")
        .isEqualTo(2);
    assertThat(
            trips(
                () ->
                    far.transact(
                        tx -> {
                          select(tx);
                          select(tx);
                          far.transact(LostConnectionTest::select);
                          far.users().findByExternalId("nobody");
                        })))
        .as("four statements, two of them of calls that join")
        .isEqualTo(5);
    assertThat(trips(() -> far.users().findByExternalId("nobody")))
        .as("a standalone statement")
        .isEqualTo(2);
    assertThat(trips(lock::isHeld)).as("a standalone statement").isEqualTo(2);
    assertThat(trips(() -> far.transact(lock::requireHeld))).as("a fence").isEqualTo(2);
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      assertThat(
              trips(
                  () -> {
                    far.users().in(far.join(host)).findByExternalId("nobody");
                    lock.requireHeld(far.join(host));
                  }))
          .as("two statements in the host's transaction")
          .isEqualTo(2);
      host.commit();
    }
  }

  /**
   * The least of several tries: on a slow machine what was sent in one go may arrive in two, and
   * then counts twice, but never the other way round.
   */
  private long trips(Runnable work) {
    long least = Long.MAX_VALUE;
    for (int n = 0; n < 10; n++) {
      long before = network.roundTrips();
      work.run();
      least = Math.min(least, network.roundTrips() - before);
    }
    return least;
  }

  private static void select(Tx tx) {
    Sql.query(tx.connection(), "SELECT 1", row -> row.getInt(1));
  }

  private void select() {
    far.transact(tx -> Sql.query(tx.connection(), "SELECT 1", row -> row.getInt(1)));
  }
}
