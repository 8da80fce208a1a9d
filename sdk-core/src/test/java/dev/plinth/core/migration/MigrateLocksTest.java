package dev.plinth.core.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.test.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A migration that has to wait for a table keeps nobody else from it. */
@Timeout(300)
class MigrateLocksTest {
  private static final int ATTEMPTS = 5;
  private static final Duration HELD_UP = Duration.ofMillis(100);

  private static final String TABLE =
      "CREATE TABLE ${schema}.wares (id bigserial PRIMARY KEY, name text);";
  private static final String COLUMN = "ALTER TABLE ${schema}.wares ADD COLUMN price int;";

  private static final String NEW_USER =
      """
      INSERT INTO plinth.users (id, external_id, role)
      VALUES (gen_random_uuid(), gen_random_uuid()::text, 'user')
      """;

  @TempDir Path folder;
  private TestDatabase database;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @BeforeEach
  void create() {
    database = TestDatabase.create(false);
    try (Plinth plinth = plinth(table("first").module()).build()) {
      plinth.migrations().migrate();
    }
  }

  @AfterEach
  void drop() {
    threads.shutdownNow();
    database.close();
  }

  @Test
  void migrate_longReader_asksAgainAndAgainWhileWritersGoOn() throws Exception {
    try (Plinth plinth = plinth(widened().module()).build()) {
      whileSomebodyReads(() -> plinth.migrations().migrate());

      plinth.migrations().verify();
    }
  }

  @Test
  void rollback_longReader_asksAgainAndAgainWhileWritersGoOn() throws Exception {
    try (Plinth plinth = plinth(widened().module()).build()) {
      plinth.migrations().migrate();

      whileSomebodyReads(() -> plinth.migrations().rollback("shop", 1, UndoConsent.KEEP_DATA));

      assertThat(plinth.migrations().pending()).extracting(Migration::version).containsExactly(2);
    }
  }

  @Test
  void applyAndRemove_longReader_askAgainAndAgainWhileWritersGoOn() throws Exception {
    try (Plinth plinth = plinth(table("same").module()).build()) {
      OptionalScript script = plinth.migrations().optional("row_level_security");

      whileSomebodyReads("plinth.users", NEW_USER, script::apply);
      assertThat(script.state()).isEqualTo(OptionalScript.State.APPLIED);

      whileSomebodyReads("plinth.users", NEW_USER, script::remove);
      assertThat(script.state()).isEqualTo(OptionalScript.State.ABSENT);
    }
  }

  @Test
  void apply_readerOutlastsThePatience_isDoneInPartAndCanBeRepeated() throws Exception {
    try (Plinth plinth =
            plinth(table("same").module()).migrationLockTimeout(Duration.ofMillis(300)).build();
        Connection reader = reader("plinth.users")) {
      OptionalScript script = plinth.migrations().optional("row_level_security");
      assertThatThrownBy(script::apply)
          .isInstanceOf(MigrationException.class)
          .hasMessageStartingWith("The optional script row_level_security failed")
          .satisfies(e -> assertThat(SqlStates.of(e)).contains(SqlStates.LOCK_NOT_AVAILABLE));
      assertThat(script.state()).isEqualTo(OptionalScript.State.PARTIAL);

      reader.rollback();
      script.apply();

      assertThat(script.state()).isEqualTo(OptionalScript.State.APPLIED);
    }
  }

  @Test
  void migrate_readerOutlastsThePatience_failsWithNothingDoneAndCanBeRepeated() throws Exception {
    try (Plinth plinth =
            plinth(widened().module()).migrationLockTimeout(Duration.ofMillis(300)).build();
        Connection reader = reader()) {
      assertThatThrownBy(() -> plinth.migrations().migrate())
          .isInstanceOf(MigrationException.class)
          .hasMessageContaining("shop 2 (price) failed. Nothing of it remains.")
          .satisfies(e -> assertThat(SqlStates.of(e)).contains(SqlStates.LOCK_NOT_AVAILABLE));

      reader.rollback();

      assertThat(plinth.migrations().migrate().applied())
          .extracting(Migration::version)
          .containsExactly(2);
    }
  }

  @Test
  void migrate_outsideATransaction_waitsAsLongAsItTakes() throws Exception {
    ScriptedModule indexed =
        widened()
            .script(
                "index",
                """
                DROP INDEX CONCURRENTLY IF EXISTS ${schema}.wares_name;
                CREATE INDEX CONCURRENTLY wares_name ON ${schema}.wares (name);
                """,
                "DROP INDEX ${schema}.wares_name;")
            .outsideTransaction()
            .script("last", "SELECT 1;", "SELECT 1;");
    try (Plinth wider = plinth(widened().module()).build()) {
      wider.migrations().migrate();
    }
    try (Plinth plinth = plinth(indexed.module()).build();
        Connection writer = reader()) {
      Sql.execute(writer, "INSERT INTO plinth.wares (name) VALUES ('uncommitted')");
      CompletableFuture<MigrationReport> migrating =
          CompletableFuture.supplyAsync(() -> plinth.migrations().migrate(), threads);
      Set<String> attempts = new HashSet<>();
      AtomicLong looks = new AtomicLong();
      await()
          .until(
              () -> {
                attempts.addAll(waiting());
                return !attempts.isEmpty() && looks.incrementAndGet() > 10;
              });
      assertThat(attempts).as("one statement that waits on").hasSize(1);

      writer.commit();

      assertThat(migrating.get().applied()).extracting(Migration::version).containsExactly(3, 4);
    }
  }

  @Test
  void migrate_leavesTheSessionsLockTimeoutAsItWas() throws Exception {
    try (var pool = database.pool(1)) {
      try (Connection connection = pool.getConnection()) {
        Sql.execute(connection, "SET lock_timeout = '7s'");
      }
      try (Plinth plinth =
          Plinth.builder().dataSource(pool).modules(List.of(widened().module())).build()) {
        plinth.migrations().migrate();
      }
      try (Connection connection = pool.getConnection()) {
        assertThat(Sql.query(connection, "SHOW lock_timeout", row -> row.getString(1)))
            .containsExactly("7s");
      }
    }
  }

  /** The work needs the table for itself, and gets it when the reader ends, after many writes. */
  private void whileSomebodyReads(Runnable work) throws Exception {
    whileSomebodyReads("plinth.wares", "INSERT INTO plinth.wares (name) VALUES ('x')", work);
  }

  private void whileSomebodyReads(String table, String write, Runnable work) throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    Queue<Duration> written = new ConcurrentLinkedQueue<>();
    try (Connection reader = reader(table);
        Connection writing = database.connect()) {
      CompletableFuture<Void> changing = CompletableFuture.runAsync(work, threads);
      Future<?> writer =
          threads.submit(
              () -> {
                while (!done.get()) {
                  long began = System.nanoTime();
                  Sql.execute(writing, write);
                  written.add(Duration.ofNanos(System.nanoTime() - began));
                }
              });
      Set<String> attempts = new HashSet<>();
      await()
          .pollInterval(Duration.ofMillis(2))
          .until(
              () -> {
                attempts.addAll(waiting());
                return attempts.size() >= ATTEMPTS;
              });
      // The reader is still there, and the request for the table is made again and again: had it
      // stayed, no write could pass it.
      int before = written.size();
      await().until(() -> written.size() > before + 20);
      assertThat(changing).isNotDone();
      // Each request holds up the one write that comes upon it, for 50 ms; a busy machine adds to
      // it.
      List<Duration> slowest = written.stream().sorted(Comparator.reverseOrder()).toList();
      assertThat(slowest.get(ATTEMPTS - 2))
          .as("of %s writes", slowest.size())
          .isLessThan(HELD_UP.multipliedBy(2));
      assertThat(slowest.get(slowest.size() / 20)).as("19 of 20").isLessThan(HELD_UP);

      reader.rollback();

      changing.get();
      done.set(true);
      writer.get();
    }
  }

  /** Statements that wait for a lock right now, each by when it began. */
  private Set<String> waiting() throws Exception {
    try (Connection connection = database.connect()) {
      return new HashSet<>(
          Sql.query(
              connection,
              """
              SELECT a.pid || ' ' || a.query_start
              FROM pg_stat_activity a
              WHERE a.datname = current_database()
                AND a.wait_event_type = 'Lock'
                AND a.query NOT LIKE 'INSERT%'
              """,
              row -> row.getString(1)));
    }
  }

  private Connection reader() throws Exception {
    return reader("plinth.wares");
  }

  private Connection reader(String table) throws Exception {
    Connection connection = database.connect();
    connection.setAutoCommit(false);
    Sql.query(connection, "SELECT id FROM " + table, row -> row.getString(1));
    return connection;
  }

  private PlinthBuilder plinth(FeatureModule module) {
    return Plinth.builder().dataSource(database.pool(2)).modules(List.of(module));
  }

  private ScriptedModule widened() {
    return table("widened" + System.nanoTime())
        .script("price", COLUMN, "ALTER TABLE ${schema}.wares DROP COLUMN price;");
  }

  private ScriptedModule table(String where) {
    return new ScriptedModule(folder.resolve(where), "shop")
        .script("table", TABLE, "DROP TABLE ${schema}.wares;");
  }
}
