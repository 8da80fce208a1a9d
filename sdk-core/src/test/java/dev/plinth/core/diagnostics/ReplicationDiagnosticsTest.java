package dev.plinth.core.diagnostics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.diagnostics.Diagnostics.HorizonHolder.Kind;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.ReplicatedDatabase;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What the primary tells of a standby: how far it is behind, and what it keeps. */
class ReplicationDiagnosticsTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final String NAME = "walreceiver";
  private static final String SLOT = "held_for_the_other";

  @Test
  void standby_lagsAndKeepsTheHorizon_isToldAsItIs() throws SQLException {
    try (ReplicatedDatabase replicated = ReplicatedDatabase.create();
        HikariDataSource pool = replicated.database().pool(3);
        Plinth plinth = replicated.database().plinth(pool).build()) {
      caughtUpThenLagging(replicated, plinth);

      replicated.configureReplica(
          Map.of(
              "hot_standby_feedback",
              "on",
              "wal_receiver_status_interval",
              "1",
              "wal_retrieve_retry_interval",
              "100ms"));
      assertHorizon(replicated, plinth, Kind.STANDBY, NAME);

      plinth.transact(
          tx ->
              Sql.query(
                  tx.connection(),
                  "SELECT pg_create_physical_replication_slot(?, true)",
                  row -> true,
                  SLOT));
      replicated.configureReplica(Map.of("primary_slot_name", SLOT));
      assertHorizon(replicated, plinth, Kind.SLOT, SLOT);
      assertThat(plinth.diagnostics().slots())
          .singleElement()
          .satisfies(
              slot -> {
                assertThat(slot.name()).isEqualTo(SLOT);
                assertThat(slot.active()).isTrue();
                assertThat(slot.walStatus()).isEqualTo("reserved");
              });
    }
  }

  private static void caughtUpThenLagging(ReplicatedDatabase replicated, Plinth plinth) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              // The standby says how far it is when it has replayed something.
              write(plinth);
              replicated.awaitReplay();
              assertThat(plinth.diagnostics().replicas())
                  .singleElement()
                  .satisfies(
                      replica -> {
                        assertThat(replica.name()).isEqualTo(NAME);
                        assertThat(replica.state()).isEqualTo("streaming");
                        assertThat(replica.synchronous()).isFalse();
                        assertThat(replica.lagBytes()).isZero();
                      });
            });

    replicated.pauseReplay();
    write(plinth);
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              write(plinth);
              assertThat(plinth.diagnostics().replicas())
                  .singleElement()
                  .satisfies(
                      replica -> {
                        assertThat(replica.lagBytes()).isPositive();
                        assertThat(replica.lag()).isBetween(Duration.ofMillis(300), PATIENCE);
                      });
            });
    replicated.resumeReplay();
  }

  /** A snapshot that somebody holds on the standby is the primary's to keep rows for. */
  private static void assertHorizon(
      ReplicatedDatabase replicated, Plinth plinth, Kind kind, String name) throws SQLException {
    try (Connection reader = DriverManager.getConnection(replicated.replicaUrl())) {
      reader.setAutoCommit(false);
      reader.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      Sql.query(reader, "SELECT count(*) FROM plinth.users", row -> true);
      for (int i = 0; i < 5; i++) {
        write(plinth);
      }
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(plinth.diagnostics().horizon())
                      .anySatisfy(
                          each -> {
                            assertThat(each.kind()).isEqualTo(kind);
                            assertThat(each.name()).isEqualTo(name);
                            assertThat(each.age()).isGreaterThanOrEqualTo(5);
                          }));
      reader.rollback();
    }
  }

  private static void write(Plinth plinth) {
    plinth.users().create(NewUser.withExternalId(UUID.randomUUID().toString()));
  }
}
