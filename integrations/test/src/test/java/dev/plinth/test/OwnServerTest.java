package dev.plinth.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnServerTest {
  @Test
  void standby_ofAPrimary_followsIt() throws Exception {
    try (OwnServer primary = OwnServer.create(Map.of())) {
      run(primary, "CREATE TABLE notes (n int)", "INSERT INTO notes VALUES (1)");
      try (OwnServer standby = OwnServer.standbyOf(primary)) {
        run(primary, "INSERT INTO notes VALUES (2)");

        await()
            .atMost(Duration.ofMinutes(2))
            .untilAsserted(() -> assertThat(notes(standby)).containsExactly(1, 2));
      }
    }
  }

  @Test
  void restored_toAPointInTime_hasWhatWasCommittedBeforeAndNothingElse(@TempDir Path archive)
      throws Exception {
    try (OwnServer server =
        OwnServer.create(
            Map.of("archive_mode", "on", "archive_command", "cp \"%p\" \"" + archive + "/%f\""))) {
      run(server, "CREATE TABLE notes (n int)", "INSERT INTO notes VALUES (1)");
      try (BaseBackup backup = server.baseBackup()) {
        run(
            server,
            "INSERT INTO notes VALUES (2)",
            "SELECT pg_create_restore_point('here')",
            "INSERT INTO notes VALUES (3)",
            "SELECT pg_switch_wal()");
        server.stop();

        try (OwnServer restored =
            OwnServer.restored(
                backup,
                Map.of(
                    "archive_mode", "off",
                    "restore_command", "cp \"" + archive + "/%f\" \"%p\"",
                    "recovery_target_name", "here",
                    "recovery_target_action", "promote"))) {
          await()
              .atMost(Duration.ofMinutes(2))
              .untilAsserted(() -> assertThat(notes(restored)).containsExactly(1, 2));
          assertThat(restored.said()).contains("recovery stopping at restore point");
        }
      }
    }
  }

  private static void run(OwnServer server, String... statements) throws SQLException {
    try (Connection connection = server.connect("postgres");
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private static List<Integer> notes(OwnServer server) throws SQLException {
    try (Connection connection = server.connect("postgres");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT n FROM notes ORDER BY n")) {
      List<Integer> notes = new ArrayList<>();
      while (rows.next()) {
        notes.add(rows.getInt(1));
      }
      return notes;
    }
  }
}
