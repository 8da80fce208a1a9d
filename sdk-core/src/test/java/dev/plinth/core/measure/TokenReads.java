package dev.plinth.core.measure;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.apikey.KeyAuthentication;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.internal.token.TokenHash;
import dev.plinth.core.internal.token.TokenText;
import dev.plinth.core.session.SessionAuthentication;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Measures {@code core.session} and {@code core.apikey}, uncached, against the bare indexed read by
 * plain JDBC, in one run. Turns are short and come in random order, so that whatever else the
 * machine does, and whatever a turn leaves behind for the next, meets all alike. Not part of the
 * suite: {@code mvn -pl sdk-core -am verify -Dtest=TokenReads
 * -Dsurefire.failIfNoSpecifiedTests=false}, with {@code -Dmeasure.threads} and {@code
 * -Dmeasure.rounds} as wished.
 */
@PlinthTest(durable = true)
class TokenReads {
  private static final int ROWS = Integer.getInteger("measure.rows", 10_000);
  private static final int THREADS = Integer.getInteger("measure.threads", 4);
  private static final int TURN_MILLIS = Integer.getInteger("measure.turn", 100);
  private static final int ROUNDS = Integer.getInteger("measure.rounds", 150);
  private static final int WARM_UP_ROUNDS = 30;

  private static final String BARE_KEY =
      "SELECT id, user_id, scopes, is_active, expires_at FROM plinth.api_keys WHERE key_hash = ?";
  private static final String BARE_SESSION =
      "SELECT id, user_id, session_data, is_active, expires_at FROM plinth.sessions"
          + " WHERE token_hash = ?";

  private interface Operation {
    void run(int row) throws SQLException;
  }

  @Test
  void measure(TestDatabase database) throws Exception {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(database.url());
    config.setMaximumPoolSize(THREADS + 2);
    try (HikariDataSource pool = new HikariDataSource(config);
        Plinth plinth = Plinth.builder().dataSource(pool).withoutNotifications().build()) {
      List<String> keys = mint("key");
      List<String> tokens = mint("session");
      fill(plinth, keys, tokens);
      Map<String, Operation> systems = new LinkedHashMap<>();
      byte[][] keyHashes = hashes(keys);
      byte[][] tokenHashes = hashes(tokens);
      systems.put("core.apikey limit", row -> bare(pool, BARE_KEY, keyHashes[row]));
      systems.put(
          "core.apikey plinth",
          row ->
              assertThat(
                      plinth.apiKeys().authenticate(keys.get(row))
                          instanceof KeyAuthentication.Valid)
                  .isTrue());
      systems.put("core.session limit", row -> bare(pool, BARE_SESSION, tokenHashes[row]));
      systems.put(
          "core.session plinth",
          row ->
              assertThat(
                      plinth.sessions().authenticate(tokens.get(row))
                          instanceof SessionAuthentication.Active)
                  .isTrue());
      report(plinth, rounds(systems));
    }
  }

  private static Map<String, List<Double>> rounds(Map<String, Operation> systems) throws Exception {
    Map<String, List<Double>> measured = new LinkedHashMap<>();
    systems.keySet().forEach(name -> measured.put(name, new ArrayList<>()));
    List<String> order = new ArrayList<>(systems.keySet());
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      for (int round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
        Collections.shuffle(order);
        for (String name : order) {
          double rate = rate(threads, systems.get(name));
          if (round >= 0) {
            measured.get(name).add(rate);
          }
        }
      }
    } finally {
      threads.shutdownNow();
    }
    return measured;
  }

  private static double rate(ExecutorService threads, Operation operation) throws Exception {
    long began = System.nanoTime();
    long end = began + TimeUnit.MILLISECONDS.toNanos(TURN_MILLIS);
    List<Future<Long>> counts = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      counts.add(
          threads.submit(
              () -> {
                long done = 0;
                while (System.nanoTime() - end < 0) {
                  operation.run(ThreadLocalRandom.current().nextInt(ROWS));
                  done++;
                }
                return done;
              }));
    }
    long all = 0;
    for (Future<Long> count : counts) {
      all += count.get();
    }
    return all / ((System.nanoTime() - began) / 1e9);
  }

  private static void bare(HikariDataSource pool, String sql, byte[] hash) throws SQLException {
    try (Connection connection = pool.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setBytes(1, hash);
      try (ResultSet row = statement.executeQuery()) {
        assertThat(
                row.next()
                    && row.getObject(1, UUID.class) != null
                    && row.getObject(2, UUID.class) != null
                    && row.getString(3) != null
                    && row.getBoolean(4))
            .isTrue();
        row.getTimestamp(5);
      }
    }
  }

  private static void report(Plinth plinth, Map<String, List<Double>> measured) {
    String fsync =
        plinth.transactReturning(
            tx -> Sql.query(tx.connection(), "SHOW fsync", row -> row.getString(1)).get(0));
    measured.forEach(
        (name, rates) -> {
          double[] sorted = rates.stream().mapToDouble(Double::doubleValue).sorted().toArray();
          System.out.printf(
              Locale.ROOT,
              "{\"workload\":\"%s\",\"system\":\"%s\",\"unit\":\"reads\",\"ops_s\":%.0f,"
                  + "\"ops_s_min\":%.0f,\"ops_s_max\":%.0f,\"conditions\":\"%d rows, %d threads,"
                  + " %d turns of %d ms, fsync %s\"}%n",
              name.split(" ")[0],
              name.split(" ")[1],
              sorted[sorted.length / 2],
              sorted[0],
              sorted[sorted.length - 1],
              ROWS,
              THREADS,
              ROUNDS,
              TURN_MILLIS,
              fsync);
        });
    for (String workload : List.of("core.apikey", "core.session")) {
      List<Double> plinths = measured.get(workload + " plinth");
      List<Double> limits = measured.get(workload + " limit");
      double[] ratios = new double[ROUNDS];
      Arrays.setAll(ratios, i -> plinths.get(i) / limits.get(i));
      Arrays.sort(ratios);
      System.out.printf(
          Locale.ROOT,
          "%s: %.3f of the bare read in all, %.3f by the median of the rounds%n",
          workload,
          sum(plinths) / sum(limits),
          ratios[ROUNDS / 2]);
    }
  }

  private static double sum(List<Double> rates) {
    return rates.stream().mapToDouble(Double::doubleValue).sum();
  }

  private static List<String> mint(String prefix) {
    SecureRandom random = new SecureRandom();
    List<String> minted = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      minted.add(TokenText.mint(prefix, random));
    }
    return minted;
  }

  private static byte[][] hashes(List<String> texts) {
    return texts.stream().map(text -> TokenHash.ofText(text).bytes()).toArray(byte[][]::new);
  }

  private static void fill(Plinth plinth, List<String> keys, List<String> tokens) {
    List<@Nullable Object[]> keyRows = new ArrayList<>();
    List<@Nullable Object[]> sessionRows = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      UUID user = null;
      if (i % 10 == 0) {
        user = plinth.users().create(NewUser.withExternalId("u" + i)).id();
      } else {
        user = (UUID) keyRows.get(i - 1)[1];
      }
      keyRows.add(
          new @Nullable Object[] {
            plinth.ids().next(), user, String.valueOf(user), TokenHash.ofText(keys.get(i)).bytes()
          });
      sessionRows.add(
          new @Nullable Object[] {
            plinth.ids().next(), user, TokenHash.ofText(tokens.get(i)).bytes()
          });
    }
    plinth.transact(
        tx -> {
          Sql.batch(
              tx.connection(),
              "INSERT INTO plinth.api_keys (id, user_id, owner_type, owner_id, name, prefix,"
                  + " key_hash, scopes, last_used_at)"
                  + " VALUES (?, ?, 'user', ?, 'k', 'key_xxxx', ?, '{read,write}',"
                  + " now() + interval '1 day')",
              keyRows);
          Sql.batch(
              tx.connection(),
              "INSERT INTO plinth.sessions (id, user_id, token_hash, session_data, idle_timeout,"
                  + " idle_expires_at, expires_at) VALUES (?, ?, ?, '{\"a\": 1}',"
                  + " interval '1 day', now() + interval '1 day', now() + interval '1 day')",
              sessionRows);
        });
    plinth.transact(
        tx -> {
          Sql.execute(tx.connection(), "ANALYZE plinth.api_keys");
          Sql.execute(tx.connection(), "ANALYZE plinth.sessions");
          Sql.execute(tx.connection(), "ANALYZE plinth.users");
        });
  }
}
