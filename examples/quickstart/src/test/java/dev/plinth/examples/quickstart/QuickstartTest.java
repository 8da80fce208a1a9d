package dev.plinth.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.test.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The quickstart from outside: what it prints, how it ends, and what a kill leaves. */
@Tag("once")
class QuickstartTest {
  private static final int FILES = 120;

  private TestDatabase database;

  @BeforeEach
  void createDatabase() {
    database = TestDatabase.create(true);
  }

  @AfterEach
  void dropDatabase() {
    database.close();
  }

  @Test
  void run_folder_finishesEveryFileExactlyOnce(@TempDir Path folder) throws Exception {
    fill(folder);

    try (QuickstartProcess run = run(folder.toString())) {
      assertThat(run.end()).as(run.output()).isZero();
      assertThat(run.output())
          .contains("Exactly once: 120 files finished, 120 results of 120 distinct files")
          .contains("Denied: 15 of bob's files")
          .contains("files: ")
          .contains("file.refused")
          .contains("100 %")
          .contains("text/plain");
    }
    assertThat(count("SELECT count(*) FROM plinth.audit_actions WHERE action = 'file.scanned'"))
        .isEqualTo(FILES + 10);
    assertThat(count("SELECT count(*) FROM plinth.oauth2_token_refreshes")).isEqualTo(2);
  }

  @Test
  void run_emptyFileAndUnreadableNames_areScannedToo(@TempDir Path folder) throws Exception {
    Files.writeString(folder.resolve("empty"), "");
    Files.writeString(folder.resolve("blank in name ü.md"), "no line feed at the end");

    try (QuickstartProcess run = run(folder.toString())) {
      assertThat(run.end()).as(run.output()).isZero();
    }
    assertThat(
            count(
                "SELECT (result ->> 'lines')::int FROM plinth.computational_jobs"
                    + " WHERE args ->> 'path' LIKE '%.md' AND status = 'completed' LIMIT 1"))
        .isEqualTo(1);
  }

  @Test
  void run_killedHalfWayAndStartedAgain_finishesEveryFileExactlyOnce(@TempDir Path folder)
      throws Exception {
    fill(folder);
    try (QuickstartProcess first = run(folder.toString(), "--pace", "40", "--workers", "4")) {
      first.await("Reading 120 files");
      first.awaitProgress(30);
      first.kill();
    }
    long before = count("SELECT count(*) FROM plinth.audit_actions WHERE action = 'file.scanned'");
    assertThat(before).isBetween(1L, FILES - 1L);

    try (QuickstartProcess second = run(folder.toString())) {
      assertThat(second.end()).as(second.output()).isZero();
      assertThat(second.output())
          .contains("Going on with 120 files")
          .contains("Exactly once: 120 files finished, 120 results of 120 distinct files");
    }
    assertThat(count("SELECT count(*) FROM plinth.audit_actions WHERE action = 'file.scanned'"))
        .isEqualTo(FILES + 10);
    assertThat(count("SELECT count(*) FROM public.quickstart_scans")).isEqualTo(2);
  }

  @Test
  void run_secondTime_chargesOnTopOfTheFirst(@TempDir Path folder) throws Exception {
    Files.writeString(folder.resolve("a.txt"), "a\n");
    try (QuickstartProcess run = run(folder.toString())) {
      assertThat(run.end()).as(run.output()).isZero();
    }
    try (QuickstartProcess run = run(folder.toString())) {
      assertThat(run.end()).as(run.output()).isZero();
      assertThat(run.output()).contains("2 files charged for 2 finished in all scans");
    }
  }

  @Test
  void run_missingFolder_endsWithOneLine(@TempDir Path folder) throws Exception {
    assertFailsWith(run(folder.resolve("nowhere").toString()), "There is no folder");
  }

  @Test
  void run_unreachableDatabase_endsWithOneLine(@TempDir Path folder) throws Exception {
    Files.writeString(folder.resolve("a"), "a");
    assertFailsWith(
        QuickstartProcess.start(
            Map.of("PLINTH_JDBC_URL", "jdbc:postgresql://127.0.0.1:1/none"), folder.toString()),
        "cannot be reached");
  }

  @Test
  void run_notAPostgresAddress_endsWithOneLine(@TempDir Path folder) throws Exception {
    Files.writeString(folder.resolve("a"), "a");
    assertFailsWith(
        QuickstartProcess.start(Map.of("PLINTH_JDBC_URL", "mysql://x"), folder.toString()),
        "PLINTH_JDBC_URL must look like");
  }

  @Test
  void run_oldServer_endsWithOneLine(@TempDir Path folder) throws Exception {
    Files.writeString(folder.resolve("a"), "a");
    try (AncientServer ancient = new AncientServer()) {
      assertFailsWith(
          QuickstartProcess.start(Map.of("PLINTH_JDBC_URL", ancient.url()), folder.toString()),
          "PostgreSQL 13.14 is too old: Plinth needs version 14 or newer");
    }
  }

  @Test
  void run_newerSchema_endsWithOneLine(@TempDir Path folder) throws Exception {
    Files.writeString(folder.resolve("a"), "a");
    try (QuickstartProcess run = run(folder.toString())) {
      assertThat(run.end()).as(run.output()).isZero();
    }
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          "INSERT INTO plinth.schema_changes (module, version, compatibility) VALUES ('jobs', 99, 'breaking')");
    }
    assertFailsWith(run(folder.toString()), "The schema is newer than this code: module jobs");
  }

  @Test
  void run_badOption_endsWithUsage() throws Exception {
    try (QuickstartProcess run = run("--workers", "0")) {
      assertThat(run.end()).isEqualTo(1);
      assertThat(run.output()).contains("--workers must be between 1 and 64, but is 0");
    }
  }

  private QuickstartProcess run(String... args) {
    return QuickstartProcess.start(Map.of("PLINTH_JDBC_URL", database.url()), args);
  }

  private static void assertFailsWith(QuickstartProcess started, String message)
      throws IOException, InterruptedException {
    try (QuickstartProcess run = started) {
      assertThat(run.end()).as(run.output()).isEqualTo(1);
      assertThat(run.lines())
          .as(run.output())
          .last()
          .asString()
          .startsWith("quickstart: ")
          .contains(message);
      assertThat(run.output()).doesNotContain("\tat ");
    }
  }

  private long count(String sql) throws Exception {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      assertThat(row.next()).isTrue();
      return row.getLong(1);
    }
  }

  private static void fill(Path folder) throws IOException {
    for (int i = 1; i <= FILES; i++) {
      Files.writeString(folder.resolve("a" + i + ".txt"), "line\n".repeat(i));
    }
  }
}
