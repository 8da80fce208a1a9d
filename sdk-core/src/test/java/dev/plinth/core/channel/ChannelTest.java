package dev.plinth.core.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestNodes;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest(start = true)
class ChannelTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private record Move(String piece, int to) {}

  private final Plinth plinth;
  private final Plinth other;
  private final DataSource pool;

  ChannelTest(Plinth plinth, TestNodes nodes, DataSource pool) {
    this.plinth = plinth;
    this.other = nodes.start("other").plinth();
    this.pool = pool;
  }

  @BeforeEach
  void connected() {
    await().atMost(PATIENCE).until(() -> plinth.notifications().isConnected());
    await().atMost(PATIENCE).until(() -> other.notifications().isConnected());
  }

  @Test
  void publish_standalone_reachesEverySubscriberOnEveryNodeInOrder() {
    List<Move> here = listen(plinth, "moves");
    List<Move> there = listen(other, "moves");
    List<Move> elsewhere = listen(other, "other");
    List<Move> expected = moves(50);

    expected.forEach(plinth.channel("moves", Move.class)::publish);

    await().atMost(PATIENCE).untilAsserted(() -> assertThat(here).isEqualTo(expected));
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(there).isEqualTo(expected));
    assertThat(elsewhere).isEmpty();
  }

  @Test
  void publish_inATransaction_isHeardAfterItsCommitAndNeverAfterARollback() throws Exception {
    List<Move> heard = listen(other, "moves");
    Channel<Move> channel = plinth.channel("moves", Move.class);
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      channel.in(plinth.join(host)).publish(new Move("never", 1));
      host.rollback();
      channel.in(plinth.join(host)).publish(new Move("held back", 2));
      channel.publish(new Move("first", 3));
      await().atMost(PATIENCE).until(() -> !heard.isEmpty());
      host.commit();
    }

    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(heard).containsExactly(new Move("first", 3), new Move("held back", 2)));
  }

  @Test
  void subscriber_thatThrowsOrHangs_disturbsNobody() throws Exception {
    CountDownLatch forever = new CountDownLatch(1);
    Channel<Move> channel = other.channel("moves", Move.class);
    AtomicInteger thrown = new AtomicInteger();
    channel.subscribe(
        move -> {
          thrown.incrementAndGet();
          throw new IllegalStateException("no");
        });
    AtomicInteger failed = new AtomicInteger();
    channel.subscribe(
        move -> {
          failed.incrementAndGet();
          throw new AssertionError("an Error, not an exception");
        });
    channel.subscribe(
        move -> {
          try {
            forever.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    List<Move> heard = listen(other, "moves");
    List<Move> expected = moves(20);

    expected.forEach(plinth.channel("moves", Move.class)::publish);

    await().atMost(PATIENCE).untilAsserted(() -> assertThat(heard).isEqualTo(expected));
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(thrown).hasValue(20));
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(failed).hasValue(20));
    forever.countDown();
  }

  @Test
  void subscriber_tooSlow_missesTheOldestAndIsTold() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    List<Object> heard = new CopyOnWriteArrayList<>();
    plinth
        .channel("moves", Move.class)
        .subscribe(
            move -> {
              try {
                go.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              heard.add(move);
            },
            () -> heard.add("missed"));
    List<Move> all = moves(1_500);
    List<Move> quick = listen(plinth, "moves");
    plinth.transact(tx -> all.forEach(plinth.channel("moves", Move.class).in(tx)::publish));

    // Its own queue is filled before that of the one after it.
    await().atMost(PATIENCE).until(() -> quick.contains(all.get(1_499)));
    go.countDown();

    await().atMost(PATIENCE).until(() -> heard.contains(all.get(1_499)));
    assertThat(heard).contains("missed").doesNotContain(all.get(400));
    assertThat(heard).containsSubsequence(all.subList(500, 1_500));
  }

  @Test
  void close_subscription_hearsNoMore() {
    List<Move> heard = new CopyOnWriteArrayList<>();
    Channel<Move> channel = plinth.channel("moves", Move.class);
    Subscription closed = channel.subscribe(heard::add);
    List<Move> after = listen(plinth, "moves");
    closed.close();

    channel.publish(new Move("x", 1));

    await().atMost(PATIENCE).until(() -> !after.isEmpty());
    assertThat(heard).isEmpty();
  }

  @Test
  void message_thatDoesNotFit_isPassedOver() {
    List<Move> heard = listen(other, "moves");

    plinth.channel("moves", String.class).publish("not a move");
    plinth.transact(tx -> plinth.notifications().send(tx, "channel.moves", "not even JSON"));
    plinth.channel("moves", Move.class).publish(new Move("x", 1));

    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(heard).containsExactly(new Move("x", 1)));
  }

  @Test
  void lostConnection_subscribersHearAgainAndAreToldOfTheGap() {
    AtomicInteger missed = new AtomicInteger();
    List<Move> heard = new CopyOnWriteArrayList<>();
    other.channel("moves", Move.class).subscribe(heard::add, missed::incrementAndGet);
    int before = missed.get();

    plinth.transact(
        tx ->
            Sql.query(
                tx.connection(),
                """
                SELECT pg_terminate_backend(pid)
                FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                  AND (query LIKE 'LISTEN %' OR query LIKE '%pg_listening_channels%')
                """,
                row -> true));

    await().atMost(PATIENCE).until(() -> missed.get() > before);
    plinth.channel("moves", Move.class).publish(new Move("again", 1));
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(heard).contains(new Move("again", 1)));
  }

  @Test
  void publish_largest_arrivesAndOneByteMoreIsRefusedBeforeSql() {
    List<String> heard = new CopyOnWriteArrayList<>();
    Channel<String> channel = plinth.channel("n".repeat(40), String.class);
    channel.subscribe(heard::add);
    String largest = "ü".repeat(3_499);

    channel.publish(largest);
    plinth.transact(
        tx ->
            assertThatIllegalArgumentException()
                .isThrownBy(() -> channel.in(tx).publish(largest + "x"))
                .withMessageStartingWith("message must have at most 7000 bytes"));

    await().atMost(PATIENCE).untilAsserted(() -> assertThat(heard).containsExactly(largest));
  }

  @Test
  void arguments_malformed_areRefused() {
    for (String name : new String[] {null, "", " ", "a b", "ä", "a\n", "n".repeat(41)}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> plinth.channel(name, Move.class))
          .withMessageStartingWith("name ");
    }
    Channel<Move> channel = plinth.channel("moves", Move.class);
    assertThatThrownBy(() -> plinth.channel("moves", null)).hasMessageStartingWith("type ");
    assertThatThrownBy(() -> channel.publish(null)).hasMessageStartingWith("message ");
    assertThatThrownBy(() -> channel.subscribe(null)).hasMessageStartingWith("listener ");
    assertThatThrownBy(() -> channel.in(null)).hasMessageStartingWith("tx ");
  }

  private static List<Move> listen(Plinth node, String channel) {
    List<Move> heard = new CopyOnWriteArrayList<>();
    node.channel(channel, Move.class).subscribe(heard::add);
    return heard;
  }

  private static List<Move> moves(int count) {
    return IntStream.range(0, count).mapToObj(i -> new Move("pawn", i)).toList();
  }
}
