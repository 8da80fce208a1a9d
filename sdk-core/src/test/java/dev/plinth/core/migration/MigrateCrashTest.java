package dev.plinth.core.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Tag("proof")
@Timeout(180)
class MigrateCrashTest {
  @TempDir Path folder;

  @Test
  void migrate_nodeKilledInsideATransaction_nextNodeFinishes() throws Exception {
    killedMidWay("transaction");
  }

  @Test
  void migrate_nodeKilledDuringCreateIndexConcurrently_nextNodeFinishes() throws Exception {
    killedMidWay("concurrently");
  }

  @Test
  void migrate_tenNodesAtOnceAndTheOneAtItIsKilled_othersFinishAndTheEleventhStarts()
      throws Exception {
    try (TestDatabase database = TestDatabase.create(true);
        Connection gate = database.connect()) {
      Sql.execute(gate, "CREATE TABLE public.gate (closed boolean)");
      Sql.execute(gate, "INSERT INTO public.gate VALUES (true)");
      List<Plinth> nodes = new ArrayList<>();
      ExecutorService threads = Executors.newCachedThreadPool();
      try (ForkedJvm first =
          ForkedJvm.start(Node.class, database.url(), folder.toString(), "gated")) {
        await().until(() -> sleeping(gate) == 1);
        List<Future<MigrationReport>> reports = new ArrayList<>();
        for (int n = 0; n < 9; n++) {
          Plinth node = plinth(database.url(), module(folder.resolve("node" + n), "gated"));
          nodes.add(node);
          reports.add(threads.submit(() -> node.migrations().migrate()));
        }
        await().until(() -> lockedOut(gate) == 9);

        first.kill();
        Sql.execute(gate, "DELETE FROM public.gate");

        int applied = 0;
        int busy = 0;
        for (Future<MigrationReport> report : reports) {
          int scripts = report.get().applied().size();
          applied += scripts;
          busy += scripts > 0 ? 1 : 0;
        }
        assertThat(busy).as("nodes that found something to do").isEqualTo(1);
        try (Plinth eleventh = plinth(database.url(), module(folder.resolve("11"), "gated"))) {
          assertThat(eleventh.migrations().migrate().applied()).isEmpty();
          eleventh.migrations().verify();
          assertThat(eleventh.migrations().history()).hasSizeGreaterThanOrEqualTo(applied);
          eleventh.start();
          assertThat(eleventh.instances().isAlive()).isTrue();
        }
      } finally {
        nodes.forEach(Plinth::close);
        threads.shutdownNow();
      }
    }
  }

  /** Migrations that stand before the gate, in the middle of a transaction. */
  private static long sleeping(Connection connection) {
    return count(connection, "wait_event = 'PgSleep'");
  }

  /** Nodes that keep asking for the lock on the schema. */
  private static long lockedOut(Connection connection) {
    return count(connection, "query LIKE 'SELECT pg_try_advisory_lock%'");
  }

  private static long count(Connection connection, String condition) {
    return Sql.query(
            connection,
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                + condition,
            row -> row.getLong(1))
        .get(0);
  }

  private void killedMidWay(String how) throws Exception {
    try (TestDatabase database = TestDatabase.create(true);
        Plinth first = plinth(database.url(), table());
        Connection gate = database.connect()) {
      first.migrations().migrate();
      gate.setAutoCommit(false);
      Sql.execute(gate, "INSERT INTO plinth.wares VALUES ('uncommitted')");

      try (ForkedJvm node = ForkedJvm.start(Node.class, database.url(), folder.toString(), how)) {
        await().atMost(java.time.Duration.ofSeconds(60)).until(() -> waiting(database) == 1);
        node.kill();
      }
      // The server notices that the node is gone although its statement still waits.
      await().atMost(java.time.Duration.ofSeconds(60)).until(() -> waiting(database) == 0);
      gate.rollback();

      try (Plinth next = plinth(database.url(), module(folder, how))) {
        assertThat(next.migrations().migrate().applied())
            .extracting(Migration::version)
            .containsExactly(2);
        next.migrations().verify();
      }
      assertThat(
              Sql.query(
                  gate,
                  "SELECT indisvalid FROM pg_index WHERE indexrelid ="
                      + " 'plinth.wares_name'::regclass",
                  row -> row.getBoolean(1)))
          .containsExactly(true);
    }
  }

  /** Migrates until it is killed. */
  static final class Node {
    private Node() {}

    public static void main(String[] args) {
      try (Plinth plinth = plinth(args[0], module(Path.of(args[1]), args[2]))) {
        plinth.migrations().migrate();
      }
    }
  }

  /** Sessions of a migration that wait for the uncommitted row. */
  private static long waiting(TestDatabase database) throws Exception {
    try (Connection connection = database.connect()) {
      return Sql.query(
              connection,
              """
              SELECT count(DISTINCT pid) FROM pg_locks
              WHERE NOT granted AND database = (
                SELECT oid FROM pg_database WHERE datname = current_database())
                OR NOT granted AND locktype = 'virtualxid'
              """,
              row -> row.getLong(1))
          .get(0);
    }
  }

  private static Plinth plinth(String url, FeatureModule module) {
    return Plinth.builder()
        .connectionSource(() -> DriverManager.getConnection(url))
        .modules(List.of(module))
        .build();
  }

  private FeatureModule table() {
    return scripted(folder.resolve("table")).module();
  }

  private static FeatureModule module(Path folder, String how) {
    ScriptedModule module = scripted(folder.resolve(how));
    if (how.equals("gated")) {
      return module
          .script(
              "gated",
              """
              CREATE TABLE ${schema}.prices (price int);
              DO $$
              BEGIN
                WHILE EXISTS (SELECT FROM public.gate) LOOP
                  PERFORM pg_sleep(0.05);
                END LOOP;
              END
              $$;
              """,
              "DROP TABLE ${schema}.prices;")
          .module();
    }
    if (how.equals("transaction")) {
      return module
          .script(
              "index",
              "CREATE INDEX wares_name ON ${schema}.wares (name);",
              "DROP INDEX ${schema}.wares_name;")
          .module();
    }
    return module
        .script(
            "index",
            """
            DROP INDEX CONCURRENTLY IF EXISTS ${schema}.wares_name;
            CREATE INDEX CONCURRENTLY wares_name ON ${schema}.wares (name);
            """,
            "DROP INDEX ${schema}.wares_name;")
        .outsideTransaction()
        .module();
  }

  private static ScriptedModule scripted(Path folder) {
    return new ScriptedModule(folder, "shop")
        .script(
            "table", "CREATE TABLE ${schema}.wares (name text);", "DROP TABLE ${schema}.wares;");
  }
}
