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
 * plain JDBC, in turns and in one run. Not part of the suite: {@code mvn -pl sdk-core -am verify
 * -Dtest=TokenReads -Dsurefire.failIfNoSpecifiedTests=false}, with {@code -Dmeasure.threads} and
 * {@code -Dmeasure.seconds} as wished.
 */
@PlinthTest(durable = true)
class TokenReads {
  private static final int ROWS = Integer.getInteger("measure.rows", 10_000);
  private static final int THREADS = Integer.getInteger("measure.threads", 4);
  private static final int SECONDS = Integer.getInteger("measure.seconds", 2);
  private static final int ROUNDS = Integer.getInteger("measure.rounds", 7);

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
    for (Operation warmUp : systems.values()) {
      rate(warmUp);
    }
    for (int round = 0; round < ROUNDS; round++) {
      for (Map.Entry<String, Operation> system : systems.entrySet()) {
        measured
            .computeIfAbsent(system.getKey(), name -> new ArrayList<>())
            .add(rate(system.getValue()));
      }
    }
    return measured;
  }

  private static double rate(Operation operation) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      long began = System.nanoTime();
      long end = began + TimeUnit.SECONDS.toNanos(SECONDS);
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
    } finally {
      threads.shutdownNow();
    }
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
                  + " %d rounds of %d s, fsync %s\"}%n",
              name.split(" ")[0],
              name.split(" ")[1],
              sorted[sorted.length / 2],
              sorted[0],
              sorted[sorted.length - 1],
              ROWS,
              THREADS,
              ROUNDS,
              SECONDS,
              fsync);
        });
    for (String workload : List.of("core.apikey", "core.session")) {
      double[] ratios = new double[ROUNDS];
      Arrays.setAll(
          ratios,
          i ->
              measured.get(workload + " plinth").get(i) / measured.get(workload + " limit").get(i));
      Arrays.sort(ratios);
      System.out.printf(
          Locale.ROOT, "%s: %.2f of the bare read, median%n", workload, ratios[ROUNDS / 2]);
    }
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
