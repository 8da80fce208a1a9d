package dev.plinth.core.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.lock.Lock;
import dev.plinth.core.notify.NotificationStatus.State;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.FaultyProxy;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

@PlinthTest
class NotificationsTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final TestDatabase database;

  NotificationsTest(TestDatabase database) {
    this.database = database;
  }

  @Test
  void send_committed_reachesEveryNodeOnce() {
    try (Plinth one = connected(node());
        Plinth two = connected(node())) {
      List<String> atOne = listen(one, "topic.a");
      List<String> atTwo = listen(two, "topic.a");
      List<String> elsewhere = listen(two, "topic.b");

      one.transact(tx -> one.notifications().send(tx, "topic.a", "ünïcode\nsecond line"));
      one.transact(tx -> one.notifications().send(tx, "topic.a", ""));

      await().untilAsserted(() -> assertThat(atOne).containsExactly("ünïcode\nsecond line", ""));
      await().untilAsserted(() -> assertThat(atTwo).containsExactly("ünïcode\nsecond line", ""));
      assertThat(elsewhere).isEmpty();
    }
  }

  @Test
  void start_listenerSubscribedBefore_isToldThatItMayHaveMissedSomething() {
    try (Plinth node = node().build()) {
      List<String> heard = listen(node, "t");

      node.start();
      await().atMost(MINUTE).until(() -> node.notifications().isConnected());

      assertThat(heard).containsExactly("");
    }
  }

  @Test
  void send_rolledBack_reachesNobody() {
    try (Plinth node = connected(node())) {
      List<String> heard = listen(node, "t");

      assertThatThrownBy(
              () ->
                  node.transact(
                      tx -> {
                        node.notifications().send(tx, "t", "never");
                        throw new IllegalStateException("no");
                      }))
          .hasMessage("no");
      node.transact(tx -> node.notifications().send(tx, "t", "after"));

      await().untilAsserted(() -> assertThat(heard).containsExactly("after"));
    }
  }

  @Test
  void send_otherSchemaInTheSameDatabase_isNotHeard() {
    try (Plinth node = connected(node());
        Plinth other = database.plinth(database.pool(2)).schema("other").build()) {
      List<String> heard = listen(node, "t");

      other.transact(tx -> other.notifications().send(tx, "t", "theirs"));
      node.transact(tx -> node.notifications().send(tx, "t", "ours"));

      await().untilAsserted(() -> assertThat(heard).containsExactly("ours"));
    }
  }

  @Test
  void subscribe_listenerThrows_othersStillHear() {
    try (Plinth node = connected(node())) {
      node.notifications()
          .subscribe(
              "t",
              payload -> {
                throw new IllegalStateException("bad listener");
              });
      node.notifications()
          .subscribe(
              "t",
              payload -> {
                throw new AssertionError("an Error, not an exception");
              });
      List<String> heard = listen(node, "t");

      node.transact(tx -> node.notifications().send(tx, "t", "1"));
      node.transact(tx -> node.notifications().send(tx, "t", "2"));

      await().untilAsserted(() -> assertThat(heard).containsExactly("1", "2"));
    }
  }

  @Test
  void subscription_closed_hearsNoMore() {
    try (Plinth node = connected(node())) {
      List<String> gone = new CopyOnWriteArrayList<>();
      Subscription subscription = node.notifications().subscribe("t", gone::add);
      List<String> stays = listen(node, "t");

      subscription.close();
      node.transact(tx -> node.notifications().send(tx, "t", "x"));

      await().untilAsserted(() -> assertThat(stays).containsExactly("x"));
      assertThat(gone).isEmpty();
    }
  }

  @Test
  void connection_terminated_comesBackAndTellsEveryoneThatSomethingMayBeMissing()
      throws SQLException {
    PGSimpleDataSource listening = new PGSimpleDataSource();
    listening.setUrl(database.url());
    listening.setApplicationName("listener");
    try (Plinth node = connected(node().notificationDataSource(listening));
        Connection direct = database.connect()) {
      List<String> heard = listen(node, "t");

      int ended =
          Sql.query(
                  direct,
                  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                      + " WHERE application_name = 'listener'",
                  row -> row.getBoolean(1))
              .size();

      assertThat(ended).isOne();
      await().atMost(MINUTE).untilAsserted(() -> assertThat(heard).contains(""));
      await().until(() -> node.notifications().isConnected());
      node.transact(tx -> node.notifications().send(tx, "t", "again"));
      await().untilAsserted(() -> assertThat(heard).endsWith("again"));
    }
  }

  @Test
  void start_poolOfOne_givesTheConnectionBackAndPolls() {
    try (Plinth node = database.plinth(database.pool(1)).build()) {
      node.start();

      await()
          .atMost(MINUTE)
          .until(
              () ->
                  node.<Integer, RuntimeException>transactReturning(
                          tx -> Sql.query(tx.connection(), "SELECT 1", row -> row.getInt(1)).get(0))
                      == 1);
      assertThat(node.notifications().isConnected()).isFalse();
      await().until(() -> node.notifications().status().state() == State.NO_CONNECTION);
      node.transact(tx -> node.notifications().send(tx, "t", "unheard"));
      assertThat(node.notifications().isConnected()).isFalse();
    }
  }

  @Test
  void start_switchedOff_listensNotAndStillSends() {
    try (Plinth deaf = node().withoutNotifications().build();
        Plinth hearing = connected(node())) {
      deaf.start();
      List<String> heard = listen(hearing, "t");

      deaf.transact(tx -> deaf.notifications().send(tx, "t", "from the deaf"));

      await().untilAsserted(() -> assertThat(heard).containsExactly("from the deaf"));
      assertThat(deaf.notifications().isConnected()).isFalse();
    }
  }

  @Test
  void close_givesBackACleanConnection() {
    try (var pool = database.pool(3)) {
      Plinth node = connected(database.plinth(pool));
      node.close();

      assertThat(node.notifications().isConnected()).isFalse();
      assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
      try (Connection connection = pool.getConnection()) {
        assertThat(Sql.query(connection, "SELECT pg_listening_channels()", row -> row.getString(1)))
            .isEmpty();
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Test
  void start_poolerSwallowsListen_pollsAndSaysSo() throws Exception {
    try (Plinth deaf =
            database
                .plinth(new WithoutListen(database.pool(4)))
                .instanceTimeToLive(MINUTE)
                .build();
        Plinth other = connected(node())) {
      assertThat(deaf.notifications().status().state()).isEqualTo(State.STOPPED);
      deaf.start();
      await().until(() -> deaf.notifications().status().state() == State.UNHEARD);
      assertThat(deaf.notifications().isConnected()).isFalse();
      assertThat(deaf.notifications().status().problem()).contains("notificationDataSource");
      assertThat(deaf.notifications().status().losses()).isZero();
      Lock lock = other.locks().tryAcquire("awaited").orElseThrow();
      CompletableFuture<Lock> waiting =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return deaf.locks().acquire("awaited", MINUTE);
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });

      lock.release();

      assertThat(waiting.get().isHeld()).as("what was not heard of is found").isTrue();
      assertThat(other.notifications().status().state()).isEqualTo(State.LISTENING);
    }
  }

  @Test
  void network_awayForAWhile_isToldAndComesBack() {
    try (FaultyProxy network = FaultyProxy.to(database)) {
      PGSimpleDataSource far = new PGSimpleDataSource();
      far.setUrl(network.url());
      try (Plinth node = connected(node().notificationDataSource(far))) {
        List<String> heard = listen(node, "t");
        Instant since = node.notifications().status().since();

        network.refuseNew(true);
        network.cutAll();

        await().until(() -> node.notifications().status().state() == State.LOST);
        NotificationStatus lost = node.notifications().status();
        assertThat(lost.losses()).isOne();
        assertThat(lost.problem()).isNotNull();
        assertThat(lost.since()).isAfterOrEqualTo(since);
        node.transact(tx -> node.notifications().send(tx, "t", "into the dark"));

        network.refuseNew(false);

        await().until(() -> node.notifications().isConnected());
        assertThat(heard).as("something may have been missed").containsExactly("");
        assertThat(node.notifications().status().problem()).isNull();
        assertThat(node.notifications().status().losses()).isOne();
      }
    }
  }

  @Test
  void status_switchedOffAndClosed_saysSo() {
    Plinth off = node().withoutNotifications().build();
    off.start();
    assertThat(off.notifications().status().state()).isEqualTo(State.SWITCHED_OFF);
    off.close();
    Plinth node = connected(node());
    node.close();
    assertThat(node.notifications().status().state()).isEqualTo(State.STOPPED);
  }

  @Test
  void send_badArguments_areRefusedBeforeAnySql(Plinth plinth) {
    plinth.transact(
        tx -> {
          Notifications notifications = plinth.notifications();
          assertThatThrownBy(() -> notifications.send(tx, "two words", ""))
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessage("topic must be 1 to 50 letters, digits and the characters . _ -");
          assertThatThrownBy(() -> notifications.send(tx, "x".repeat(51), ""))
              .isInstanceOf(IllegalArgumentException.class);
          assertThatThrownBy(() -> notifications.send(tx, "t", "ä".repeat(3_501)))
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessage("payload must have at most 7000 bytes in UTF-8, but has 7002");
          assertThatThrownBy(() -> notifications.send(tx, "t", "a\0b"))
              .isInstanceOf(IllegalArgumentException.class);
          assertThatThrownBy(() -> notifications.subscribe("", payload -> {}))
              .isInstanceOf(IllegalArgumentException.class);
          notifications.send(tx, "t", "x".repeat(7_000));
        });
  }

  @Test
  void send_manyTimes_arrivesByTheConnectionThatListens() throws InterruptedException {
    try (Plinth sender = connected(node());
        Plinth receiver = connected(node())) {
      BlockingQueue<String> heard = new ArrayBlockingQueue<>(1_000);
      receiver.notifications().subscribe("t", heard::add);
      for (int n = 0; n < 200; n++) {
        String payload = Integer.toString(n);
        sender.transact(tx -> sender.notifications().send(tx, "t", payload));
        // Nobody polls here: what arrives was heard.
        assertThat(heard.poll(60, TimeUnit.SECONDS)).isEqualTo(payload);
      }
    }
  }

  private PlinthBuilder node() {
    return database.plinth(database.pool(3));
  }

  private static Plinth connected(PlinthBuilder builder) {
    Plinth plinth = builder.build();
    plinth.start();
    await().atMost(MINUTE).until(() -> plinth.notifications().isConnected());
    return plinth;
  }

  private static List<String> listen(Plinth plinth, String topic) {
    List<String> heard = new CopyOnWriteArrayList<>();
    plinth.notifications().subscribe(topic, heard::add);
    return heard;
  }
}
