package dev.plinth.core.apikey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import dev.plinth.core.Plinth;
import dev.plinth.core.apikey.KeyAuthentication.Valid;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import dev.plinth.test.TestNodes;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** When {@code last_used_at} is written, and what that costs the reader. */
@PlinthTest
class LastUsedTest {
  private final Plinth plinth;
  private final ApiKeys keys;
  private final SettableClock clock;
  private final DataSource pool;

  LastUsedTest(Plinth plinth, SettableClock clock, DataSource pool) {
    this.plinth = plinth;
    this.keys = plinth.apiKeys();
    this.clock = clock;
    this.pool = pool;
  }

  @Test
  void notStarted_isWrittenOnTheReadersConnectionAtMostOnceAMinute() {
    IssuedKey issued = keys.issue(NewApiKey.of(KeyOwner.node("n"), "k"));
    countWrites();
    keys.authenticate(issued.reveal());
    Instant first = lastUsed(issued);
    assertThat(first).isNotNull();

    clock.advance(Duration.ofSeconds(30));
    keys.authenticate(issued.reveal());
    assertThat(lastUsed(issued)).isEqualTo(first);
    assertThat(writes()).isEqualTo(1);

    clock.advance(Duration.ofSeconds(31));
    keys.authenticate(issued.reveal());
    assertThat(lastUsed(issued)).isAfter(first);
    assertThat(writes()).isEqualTo(2);
  }

  @Test
  void startedNodes_manyUsesAtOnce_writeOnceAMinuteInAll(TestNodes nodes) throws Exception {
    IssuedKey issued = keys.issue(NewApiKey.of(KeyOwner.node("n"), "k"));
    countWrites();
    List<ApiKeys> everywhere =
        List.of(nodes.start("a").plinth().apiKeys(), nodes.start("b").plinth().apiKeys(), keys);
    ExecutorService threads = Executors.newFixedThreadPool(6);
    try {
      for (int minute = 1; minute <= 3; minute++) {
        List<Callable<KeyAuthentication>> calls = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
          ApiKeys node = everywhere.get(i % 3);
          calls.add(() -> node.authenticate(issued.reveal()));
        }
        for (Future<KeyAuthentication> answer : threads.invokeAll(calls)) {
          assertThat(answer.get()).isInstanceOf(Valid.class);
        }
        int expected = minute;
        await().until(() -> writes() >= expected);
        clock.advance(Duration.ofMinutes(5));
      }
    } finally {
      threads.shutdownNow();
    }
    plinth.transact(tx -> Sql.query(tx.connection(), "SELECT 1", row -> 1));

    assertThat(writes()).isEqualTo(3);
  }

  @Test
  void joinedTransaction_isNotWrittenIn() throws Exception {
    IssuedKey issued = keys.issue(NewApiKey.of(KeyOwner.node("n"), "k"));
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);

      assertThat(keys.in(plinth.join(host)).authenticate(issued.reveal()))
          .isInstanceOf(Valid.class);

      assertThat(writesBy(host)).isZero();
      host.rollback();
    }
    // The next one outside of a transaction brings it along.
    IssuedKey other = keys.issue(NewApiKey.of(KeyOwner.node("n"), "other"));
    keys.authenticate(other.reveal());
    assertThat(lastUsed(issued)).isNotNull();
  }

  @Test
  void readOnlyDatabase_answersAndGoesOn() {
    IssuedKey issued = keys.issue(NewApiKey.of(KeyOwner.node("n"), "k"));
    countWrites();
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                    + " $$ BEGIN RAISE 'no writes here'; END $$;"
                    + " CREATE TRIGGER refuse BEFORE UPDATE ON plinth.api_keys"
                    + " FOR EACH ROW EXECUTE FUNCTION refuse()"));

    for (int i = 0; i < 3; i++) {
      assertThat(keys.authenticate(issued.reveal())).isInstanceOf(Valid.class);
    }

    assertThat(lastUsed(issued)).isNull();
  }

  @Test
  void poolWithoutAutoCommit_isReadAndWrittenAllTheSame(TestDatabase database) {
    IssuedKey issued = keys.issue(NewApiKey.of(KeyOwner.node("n"), "k"));
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(database.url());
    config.setMaximumPoolSize(1);
    config.setAutoCommit(false);
    try (com.zaxxer.hikari.HikariDataSource manual =
            new com.zaxxer.hikari.HikariDataSource(config);
        Plinth other = database.plinth(manual).build()) {
      assertThat(other.apiKeys().authenticate(issued.reveal())).isInstanceOf(Valid.class);
      assertThat(lastUsed(issued)).isNotNull();
      assertThat(other.apiKeys().authenticate(issued.reveal())).isInstanceOf(Valid.class);
    }
  }

  @Test
  void poolWithoutAutoCommit_writeRefused_theKeyIsGoodAllTheSame(TestDatabase database) {
    IssuedKey issued = keys.issue(NewApiKey.of(KeyOwner.node("n"), "k"));
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                "CREATE FUNCTION refuse_use() RETURNS trigger LANGUAGE plpgsql AS"
                    + " $$ BEGIN RAISE 'no writes here'; END $$;"
                    + " CREATE TRIGGER refuse_use BEFORE UPDATE ON plinth.api_keys"
                    + " FOR EACH ROW EXECUTE FUNCTION refuse_use()"));
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(database.url());
    config.setMaximumPoolSize(1);
    config.setAutoCommit(false);
    try (com.zaxxer.hikari.HikariDataSource manual =
            new com.zaxxer.hikari.HikariDataSource(config);
        Plinth other = database.plinth(manual).build()) {
      for (int i = 0; i < 3; i++) {
        assertThat(other.apiKeys().authenticate(issued.reveal())).isInstanceOf(Valid.class);
      }
    } finally {
      plinth.transact(tx -> Sql.execute(tx.connection(), "DROP FUNCTION refuse_use CASCADE"));
    }

    assertThat(lastUsed(issued)).isNull();
  }

  private @Nullable Instant lastUsed(IssuedKey issued) {
    return keys.find(issued.key().id()).orElseThrow().lastUsedAt();
  }

  /** Counts updates of api_keys, committed or not, in a sequence. */
  private void countWrites() {
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                "CREATE SEQUENCE IF NOT EXISTS writes;"
                    + " CREATE OR REPLACE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql"
                    + " AS $$ BEGIN PERFORM nextval('public.writes'); RETURN NEW; END $$;"
                    + " CREATE TRIGGER count_write BEFORE UPDATE ON plinth.api_keys"
                    + " FOR EACH ROW EXECUTE FUNCTION count_write()"));
  }

  private long writes() {
    return plinth.<Long, RuntimeException>transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM writes",
                    row -> row.getLong(1))
                .get(0));
  }

  private static long writesBy(Connection connection) {
    return Sql.query(
            connection,
            "SELECT coalesce(sum(n_tup_upd), 0) FROM pg_stat_xact_all_tables"
                + " WHERE schemaname = 'plinth'",
            row -> row.getLong(1))
        .get(0);
  }
}
