package dev.plinth.core.apikey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.apikey.KeyAuthentication.Unknown;
import dev.plinth.core.apikey.KeyAuthentication.Valid;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.internal.token.TokenText;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.FaultyProxy;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.security.SecureRandom;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What keys cost on the wire, and that a flood of wrong ones starves nobody. */
@Tag("proof")
@PlinthTest
class WrongKeysTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int FLOODING = 32;

  /** Half of the good keys during a flood; a busy machine needs a millisecond. */
  private static final Duration ANSWERED_WITHIN = Duration.ofMillis(20);

  /** Wrong keys a second that make a flood. */
  private static final int FLOOD = 10_000;

  private final TestDatabase database;
  private final Plinth plinth;
  private final SecureRandom random = new SecureRandom();

  WrongKeysTest(TestDatabase database, Plinth plinth) {
    this.database = database;
    this.plinth = plinth;
  }

  @Test
  void onTheWire_goodKeyIsOneRoundTrip_malformedNone() {
    IssuedKey issued =
        plinth
            .apiKeys()
            .issue(
                NewApiKey.of(
                    KeyOwner.user(plinth.users().create(NewUser.withExternalId("a")).id()), "k"));
    plinth.apiKeys().authenticate(issued.reveal());
    try (FaultyProxy network = FaultyProxy.to(database);
        HikariDataSource pool = pool(network.url(), 1);
        Plinth far = database.plinth(pool).build()) {
      far.apiKeys().authenticate(issued.reveal());
      long before = network.roundTrips();
      for (int i = 0; i < 20; i++) {
        assertThat(far.apiKeys().authenticate(issued.reveal())).isInstanceOf(Valid.class);
      }
      assertThat(network.roundTrips() - before).isEqualTo(20);

      for (String malformed :
          List.of(
              "",
              "key_",
              issued.reveal() + "x",
              issued.reveal().toLowerCase(),
              "x".repeat(500),
              "key_" + "é".repeat(36),
              "\0",
              "\uD800")) {
        assertThat(far.apiKeys().authenticate(malformed)).isEqualTo(new Unknown());
      }
      assertThat(network.roundTrips() - before).isEqualTo(20);
    }
  }

  /** While whoever guesses is kept waiting by the database, good keys find a connection. */
  @Test
  void wrongKeys_allStuckInTheDatabase_holdThreeConnectionsAtMost() throws Exception {
    IssuedKey issued = plinth.apiKeys().issue(NewApiKey.of(KeyOwner.node("n"), "k"));
    ExecutorService threads = Executors.newFixedThreadPool(FLOODING);
    try (HikariDataSource pool = pool(database.url(), 4);
        Plinth node = database.plinth(pool).build();
        Connection blocker = database.connect()) {
      assertThat(node.apiKeys().authenticate(issued.reveal())).isInstanceOf(Valid.class);
      blocker.setAutoCommit(false);
      Sql.execute(blocker, "LOCK TABLE plinth.api_keys IN ACCESS EXCLUSIVE MODE");
      List<Future<KeyAuthentication>> guesses = new ArrayList<>();
      for (int i = 0; i < FLOODING; i++) {
        guesses.add(threads.submit(() -> node.apiKeys().authenticate(wrong())));
      }
      await().until(() -> stuck() == 3);

      assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isEqualTo(3);
      try (Connection last = pool.getConnection()) {
        assertThat(stuck()).isEqualTo(3);
        assertThat(last.isValid(0)).isTrue();
      }
      blocker.rollback();
      for (Future<KeyAuthentication> guess : guesses) {
        assertThat(guess.get()).isEqualTo(new Unknown());
      }
    } finally {
      threads.shutdownNow();
    }
  }

  /** The same under load: nobody with a good key, known or new to the node, is turned away. */
  @Test
  void flood_goodKeysAreAllAnswered() throws Exception {
    int good = LARGE ? 20_000 : 300;
    List<String> known = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      known.add(plinth.apiKeys().issue(NewApiKey.of(KeyOwner.node("n"), "k" + i)).reveal());
    }
    ExecutorService threads = Executors.newFixedThreadPool(FLOODING);
    AtomicBoolean stop = new AtomicBoolean();
    LongAdder refused = new LongAdder();
    CountDownLatch flooding = new CountDownLatch(FLOODING);
    try (HikariDataSource pool = pool(database.url(), 4);
        Plinth node = database.plinth(pool).build()) {
      List<Future<?>> flood = new ArrayList<>();
      for (int i = 0; i < FLOODING; i++) {
        flood.add(
            threads.submit(
                () -> {
                  do {
                    assertThat(node.apiKeys().authenticate(wrong())).isEqualTo(new Unknown());
                    refused.increment();
                    flooding.countDown();
                  } while (!stop.get());
                }));
      }
      flooding.await();
      long began = System.nanoTime();
      long refusedBefore = refused.sum();
      long[] nanos = new long[good];
      for (int i = 0; i < good; i++) {
        long start = System.nanoTime();
        assertThat(node.apiKeys().authenticate(known.get(i % known.size())))
            .isInstanceOf(Valid.class);
        nanos[i] = System.nanoTime() - start;
      }
      double seconds = (System.nanoTime() - began) / 1e9;
      double wrong = (refused.sum() - refusedBefore) / seconds;
      stop.set(true);
      for (Future<?> guesser : flood) {
        guesser.get();
      }
      Arrays.sort(nanos);
      Duration median = Duration.ofNanos(nanos[good / 2]);
      String found =
          "wrong keys refused: %.0f/s; good keys: %.0f/s, half within %d us, the slowest %d ms"
              .formatted(
                  wrong,
                  good / seconds,
                  TimeUnit.NANOSECONDS.toMicros(nanos[good / 2]),
                  TimeUnit.NANOSECONDS.toMillis(nanos[good - 1]));
      assertThat(median).as(found).isLessThan(ANSWERED_WITHIN);
      if (LARGE) {
        System.out.println(found);
        assumeTrue(wrong >= FLOOD, "This machine is too slow for a flood: " + found);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  /** As an attacker makes them who has read the documentation. */
  private String wrong() {
    return TokenText.mint("key", random);
  }

  private long stuck() {
    return plinth.<Long, RuntimeException>transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    "SELECT count(*) FROM pg_stat_activity"
                        + " WHERE datname = current_database() AND wait_event_type = 'Lock'",
                    row -> row.getLong(1))
                .get(0));
  }

  private static HikariDataSource pool(String url, int size) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setMaximumPoolSize(size);
    config.setConnectionTimeout(120_000);
    return new HikariDataSource(config);
  }
}
