package dev.plinth.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.json.Json;
import dev.plinth.core.partition.Partition;
import dev.plinth.core.spi.PartitionedTable;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

@PlinthTest(schema = "my Schema \"x\"")
class AppendOnlyTest {
  private static final String SCHEMA = "\"my Schema \"\"x\"\"\"";
  private static final String REFUSED = "55000";
  private static final String NO_RIGHT = "42501";
  private static final List<String> TABLES =
      List.of("audit_actions", "audit_sessions", "audit_session_events");

  @Test
  void change_asOwner_isRefusedOnEveryTableAndPartition(
      Plinth plinth, AuditLog audit, TestDatabase database, SettableClock clock) throws Exception {
    fill(audit);
    clock.advance(Duration.ofDays(62));
    plinth.partitions().ensureAhead();
    fill(audit);

    try (Connection owner = database.connect()) {
      for (String table : TABLES) {
        assertThat(partitions(plinth, table)).hasSizeGreaterThanOrEqualTo(6);
        assertThat(refusals(owner, table, REFUSED)).as(table).isEqualTo(3);
        int rowsRefused = 0;
        for (String partition : partitions(plinth, table)) {
          assertThat(state(owner, "TRUNCATE " + SCHEMA + "." + partition))
              .as(partition)
              .isEqualTo(REFUSED);
          rowsRefused += count(owner, partition) > 0 ? refusals(owner, partition, REFUSED) : 0;
        }
        assertThat(rowsRefused).as(table).isEqualTo(2 * 3);
      }
      // A session that replays a replication stream is not exempt.
      Sql.execute(owner, "SET session_replication_role = replica");
      assertThat(refusals(owner, "audit_actions", REFUSED)).isEqualTo(3);
      assertThat(count(owner, "audit_actions")).isEqualTo(2);
    }
  }

  @Test
  void change_withTheGrantsOfAnApplication_isRefusedAndRecordingWorks(
      Plinth plinth, AuditLog audit, TestDatabase database) throws Exception {
    String role = "audit_app_" + UUID.randomUUID().toString().substring(0, 8);
    fill(audit);
    try (Connection owner = database.connect()) {
      Sql.execute(owner, "CREATE ROLE " + role);
      for (String grant : plinth.migrations().grants(role)) {
        Sql.execute(owner, grant);
      }
      try {
        Sql.execute(owner, "SET ROLE " + role);
        for (String table : TABLES) {
          assertThat(refusals(owner, table, NO_RIGHT)).as(table).isEqualTo(3);
          for (String partition : partitions(plinth, table)) {
            assertThat(refusals(owner, partition, NO_RIGHT)).as(partition).isEqualTo(3);
            assertThat(state(owner, "INSERT INTO " + SCHEMA + "." + partition + " DEFAULT VALUES"))
                .isEqualTo(NO_RIGHT);
            assertThat(state(owner, "SELECT FROM " + SCHEMA + "." + partition)).isEqualTo(NO_RIGHT);
          }
        }
        owner.setAutoCommit(false);
        UUID id = fill(audit.in(plinth.join(owner)));
        assertThat(audit.in(plinth.join(owner)).find(id)).isPresent();
        owner.commit();
        owner.setAutoCommit(true);
      } finally {
        Sql.execute(owner, "RESET ROLE");
        Sql.execute(owner, "DROP OWNED BY " + role);
        Sql.execute(owner, "DROP ROLE " + role);
      }
    }
    assertThat(audit.search(AuditQuery.all(), PageRequest.first(10)).items()).hasSize(2);
  }

  @Test
  void verify_triggerSwitchedOff_isFound(Plinth plinth, TestDatabase database) throws Exception {
    plinth.migrations().verify();
    try (Connection owner = database.connect()) {
      Sql.execute(
          owner, "ALTER TABLE " + SCHEMA + ".audit_actions DISABLE TRIGGER append_only_rows");
    }
    assertThatThrownBy(() -> plinth.migrations().verify())
        .hasMessageContaining("audit_actions lacks its append-only triggers");
  }

  private static UUID fill(AuditScope audit) {
    UUID user = UUID.randomUUID();
    UUID session = audit.sessions().open(user, Json.emptyObject());
    assertThat(audit.sessions().touch(session)).isTrue();
    return audit.record(Action.of("a").actor(user).session(session).resource("thing", 1));
  }

  private static List<String> partitions(Plinth plinth, String table) {
    return plinth
        .partitions()
        .list(new PartitionedTable(table, PartitionedTable.Period.MONTH, 3))
        .stream()
        .map(Partition::name)
        .toList();
  }

  private static int refusals(Connection connection, String table, String expected) {
    List<String> states = new ArrayList<>();
    String name = SCHEMA + "." + table;
    states.add(state(connection, "UPDATE " + name + " SET tenant_id = 'x'"));
    states.add(state(connection, "DELETE FROM " + name));
    states.add(state(connection, "TRUNCATE " + name));
    return (int) states.stream().filter(expected::equals).count();
  }

  private static String state(Connection connection, String sql) {
    try {
      Sql.execute(connection, sql);
      return "done";
    } catch (RuntimeException e) {
      return SqlStates.of(e).orElseThrow();
    }
  }

  private static long count(Connection connection, String table) {
    return Sql.query(
            connection, "SELECT count(*) FROM " + SCHEMA + "." + table, row -> row.getLong(1))
        .get(0);
  }
}
