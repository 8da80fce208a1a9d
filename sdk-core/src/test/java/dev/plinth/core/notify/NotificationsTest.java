package dev.plinth.core.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

@PlinthTest
class NotificationsTest {
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
      await().atMost(Duration.ofSeconds(20)).until(() -> node.notifications().isConnected());

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
      await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(heard).contains(""));
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
          .atMost(Duration.ofSeconds(20))
          .until(
              () ->
                  node.<Integer, RuntimeException>transactReturning(
                          tx -> Sql.query(tx.connection(), "SELECT 1", row -> row.getInt(1)).get(0))
                      == 1);
      assertThat(node.notifications().isConnected()).isFalse();
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
  void send_manyTimes_arrivesWithinMilliseconds() throws InterruptedException {
    try (Plinth sender = connected(node());
        Plinth receiver = connected(node())) {
      BlockingQueue<String> heard = new ArrayBlockingQueue<>(1_000);
      receiver.notifications().subscribe("t", heard::add);
      long[] nanos = new long[200];
      for (int n = 0; n < nanos.length; n++) {
        String payload = Integer.toString(n);
        long before = System.nanoTime();
        sender.transact(tx -> sender.notifications().send(tx, "t", payload));
        assertThat(heard.take()).isEqualTo(payload);
        nanos[n] = System.nanoTime() - before;
      }
      Arrays.sort(nanos);
      // Far above what it takes, far below any polling.
      assertThat(Duration.ofNanos(nanos[nanos.length / 2])).isLessThan(Duration.ofMillis(150));
    }
  }

  private PlinthBuilder node() {
    return database.plinth(database.pool(3));
  }

  private static Plinth connected(PlinthBuilder builder) {
    Plinth plinth = builder.build();
    plinth.start();
    await().atMost(Duration.ofSeconds(20)).until(() -> plinth.notifications().isConnected());
    return plinth;
  }

  private static List<String> listen(Plinth plinth, String topic) {
    List<String> heard = new CopyOnWriteArrayList<>();
    plinth.notifications().subscribe(topic, heard::add);
    return heard;
  }
}
