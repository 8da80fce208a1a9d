package dev.plinth.core.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.apikey.IssuedKey;
import dev.plinth.core.apikey.KeyAuthentication;
import dev.plinth.core.apikey.KeyOwner;
import dev.plinth.core.apikey.NewApiKey;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.migration.MigrationException;
import dev.plinth.core.migration.SchemaInvalidException;
import dev.plinth.core.migration.UndoConsent;
import dev.plinth.core.session.NewSession;
import dev.plinth.core.spi.Restoring;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import dev.plinth.test.TestNode;
import dev.plinth.test.TestNodes;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Core's part, on a database as a backup would have it; real backups are restored elsewhere. */
@PlinthTest
class AfterRestoreTest {
  private static final RestoreOptions DEFAULTS = RestoreOptions.defaults();

  @Test
  void otherInstancesAlive_isRefusedAndChangesNothing(
      Plinth plinth, TestNodes nodes, SettableClock clock) {
    TestNode other = nodes.start("other");
    clock.advance(Duration.ofSeconds(1));
    List<String> before = rows(plinth, "SELECT id || end_reason FROM plinth.instances");

    assertThatThrownBy(() -> plinth.afterRestore(DEFAULTS))
        .isInstanceOfSatisfying(
            RestoreRefusedException.class,
            e -> assertThat(e.alive()).containsExactly(other.plinth().instances().id()))
        .hasMessageContaining("other (")
        .hasMessageContaining("RestoreOptions.whileOthersRun()");

    assertThat(rows(plinth, "SELECT id || end_reason FROM plinth.instances")).isEqualTo(before);
    RestoreReport report = plinth.afterRestore(DEFAULTS.whileOthersRun());
    assertThat(report.rows("core", "instances ended")).isEqualTo(1);
    assertThat(rows(plinth, "SELECT end_reason FROM plinth.instances")).containsExactly("expired");
  }

  @Test
  void instancesOfTheBackup_overdueByTheDatabasesClock_areEnded(
      Plinth plinth, SettableClock clock) {
    instance(plinth, UUID.randomUUID());
    clock.advance(Duration.ofMinutes(5));

    RestoreReport report = plinth.afterRestore(DEFAULTS);

    assertThat(report.rows("core", "instances ended")).isEqualTo(1);
    assertThat(report.problems()).isEmpty();
    assertThat(report.at()).isAfter(clock.instant().minusSeconds(60));
    assertThat(plinth.afterRestore(DEFAULTS).rows("core", "instances ended")).isZero();
  }

  @Test
  void usersRestoredWithoutTriggers_theirTokensTakeTheirState(Plinth plinth) {
    UUID ada = plinth.users().create(NewUser.withExternalId("ada")).id();
    UUID bob = plinth.users().create(NewUser.withExternalId("bob")).id();
    IssuedKey issued = plinth.apiKeys().issue(NewApiKey.of(KeyOwner.user(ada), "k"));
    plinth.transact(
        tx -> {
          Connection connection = tx.connection();
          Sql.execute(connection, "SET LOCAL session_replication_role = replica");
          Sql.update(connection, "UPDATE plinth.users SET is_active = false WHERE id = ?", ada);
          Sql.update(connection, "DELETE FROM plinth.user_states WHERE user_id = ?", bob);
        });

    RestoreReport report = plinth.afterRestore(DEFAULTS);

    assertThat(report.rows("core", "states of users set right")).isEqualTo(2);
    assertThat(plinth.apiKeys().authenticate(issued.reveal()))
        .isInstanceOf(KeyAuthentication.OwnerInactive.class);
    assertThat(plinth.sessions().start(NewSession.of(bob))).isNotNull();
    assertThat(plinth.afterRestore(DEFAULTS).rows("core", "states of users set right")).isZero();
  }

  @Test
  void leases_areEndedAndTheirFencesJumpAhead(Plinth plinth) {
    execute(
        plinth,
        """
        INSERT INTO plinth.maintenance_tasks (name, holder, lease, lease_until)
        VALUES ('shop.sweep', gen_random_uuid(), 7, now() + interval '1 hour');
        INSERT INTO plinth.locks (name, holder, instance_id, lease_until)
        VALUES ('export', gen_random_uuid(), gen_random_uuid(), now() + interval '1 hour');
        """);
    long fence = number(plinth, "SELECT fence FROM plinth.locks");

    RestoreReport report = plinth.afterRestore(DEFAULTS);

    assertThat(report.rows("core", "locks freed")).isEqualTo(1);
    assertThat(rows(plinth, "SELECT name FROM plinth.locks WHERE holder IS NULL"))
        .containsExactly("export");
    assertThat(
            number(
                plinth,
                "SELECT lease FROM plinth.maintenance_tasks WHERE name = 'shop.sweep'"
                    + " AND holder IS NULL AND lease_until IS NULL"))
        .isEqualTo(7 + Restoring.FENCES_SKIPPED);
    assertThat(
            number(plinth, "INSERT INTO plinth.locks (name) VALUES ('never seen') RETURNING fence"))
        .as("the fence of a lock that the backup does not know")
        .isGreaterThan(fence + Restoring.FENCES_SKIPPED);
  }

  @Test
  void repeated_changesNothingButFences(Plinth plinth) {
    execute(
        plinth,
        "INSERT INTO plinth.locks (name, holder, lease_until)"
            + " VALUES ('export', gen_random_uuid(), now())");
    plinth.afterRestore(DEFAULTS);

    assertThat(plinth.afterRestore(DEFAULTS).rows("core", "locks freed")).isZero();
  }

  @Test
  void sessionsAndKeys_areLeftUnlessAskedFor(Plinth plinth) {
    UUID user = plinth.users().create(NewUser.withExternalId("ada")).id();
    execute(
        plinth,
        """
        INSERT INTO plinth.sessions (id, user_id, token_hash, idle_timeout, idle_expires_at, expires_at)
        VALUES (gen_random_uuid(), '%s', decode(repeat('ab', 32), 'hex'), '1 hour',
          now() + interval '1 hour', now() + interval '1 day');
        INSERT INTO plinth.api_keys (id, owner_type, owner_id, name, prefix, key_hash)
        VALUES (gen_random_uuid(), 'service', 'crawler', 'crawler', 'shop', decode(repeat('cd', 32), 'hex'));
        INSERT INTO plinth.websocket_connections (id, user_id, instance_id, expires_at)
        VALUES (gen_random_uuid(), '%s', gen_random_uuid(), now() + interval '1 hour');
        """
            .formatted(user, user));

    RestoreReport left = plinth.afterRestore(DEFAULTS);
    assertThat(left.rows("core", "live connections forgotten")).isEqualTo(1);
    assertThat(number(plinth, "SELECT count(*) FROM plinth.sessions WHERE is_active")).isOne();
    assertThat(number(plinth, "SELECT count(*) FROM plinth.api_keys WHERE is_active")).isOne();

    RestoreReport cut = plinth.afterRestore(DEFAULTS.endingSessions().revokingApiKeys());
    assertThat(cut.rows("core", "sessions ended")).isEqualTo(1);
    assertThat(cut.rows("core", "API keys revoked")).isEqualTo(1);
    assertThat(number(plinth, "SELECT count(*) FROM plinth.sessions WHERE is_active")).isZero();
    assertThat(number(plinth, "SELECT count(*) FROM plinth.api_keys WHERE is_active")).isZero();
  }

  @Test
  void rowSecurityForcedOnTheOwner_isRefusedRatherThanPassedOver(
      Plinth plinth, TestDatabase database) {
    String role = "owner_" + UUID.randomUUID().toString().replace("-", "");
    execute(
        plinth,
        """
        CREATE ROLE %1$s NOSUPERUSER;
        GRANT CREATE ON DATABASE %2$s TO %1$s;
        """
            .formatted(role, databaseName(plinth)));
    try (Plinth owner = asRole(database, role, "owned")) {
      owner.migrations().migrate();
      execute(
          plinth,
          """
          ALTER TABLE owned.sessions ENABLE ROW LEVEL SECURITY;
          ALTER TABLE owned.sessions FORCE ROW LEVEL SECURITY;
          """);
      owner.afterRestore(DEFAULTS);
      assertThatThrownBy(() -> owner.afterRestore(DEFAULTS.endingSessions()))
          .hasMessageContaining("row-level security");
    } finally {
      execute(plinth, "DROP SCHEMA owned CASCADE; DROP OWNED BY " + role + "; DROP ROLE " + role);
    }
  }

  @Test
  void roleThatOwnsNothing_isRefusedClearly(Plinth plinth, TestDatabase database) {
    String role = "app_" + UUID.randomUUID().toString().replace("-", "");
    execute(plinth, "CREATE ROLE " + role);
    plinth.migrations().grants(role).forEach(grant -> execute(plinth, grant));
    try (Plinth application = asRole(database, role, "plinth")) {
      assertThatThrownBy(() -> application.afterRestore(DEFAULTS))
          .isInstanceOf(MigrationException.class)
          .hasMessageContaining("migrationDataSource");
    } finally {
      execute(plinth, "DROP OWNED BY " + role + "; DROP ROLE " + role);
    }
  }

  @Test
  void migrationsMissing_saysToMigrateFirst(TestDatabase database) {
    try (Plinth old =
        Plinth.builder().dataSource(database.pool(2)).schema("of_old").modules(List.of()).build()) {
      old.migrations().migrate();
      old.migrations().rollback("core", 9, UndoConsent.DESTROY_DATA);

      assertThatThrownBy(() -> old.afterRestore(DEFAULTS))
          .isInstanceOf(SchemaInvalidException.class)
          .hasMessageContaining("run plinth.migrations().migrate()");
    }
  }

  @Test
  void badInputAndBadMoment_areRefused(TestNodes nodes) {
    TestNode started = nodes.start("started");

    assertThatThrownBy(() -> started.plinth().afterRestore(null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("options must not be null");
    assertThatThrownBy(() -> started.plinth().afterRestore(DEFAULTS))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("was not started");
  }

  private static Plinth asRole(TestDatabase database, String role, String schema) {
    return Plinth.builder()
        .connectionSource(
            () -> {
              Connection connection = database.connect();
              Sql.execute(connection, "SET ROLE " + role);
              return connection;
            })
        .withoutNotifications()
        .schema(schema)
        .modules(List.of())
        .build();
  }

  private static String databaseName(Plinth plinth) {
    return rows(plinth, "SELECT current_database()").get(0);
  }

  private static void instance(Plinth plinth, UUID id) {
    execute(
        plinth,
        """
        INSERT INTO plinth.instances (id, name, started_at, heartbeat_at, expires_at)
        VALUES ('%s', 'of the lost time', now(), now(), now() + interval '30 seconds')
        """
            .formatted(id));
  }

  private static void execute(Plinth plinth, String sql) {
    plinth.transact(tx -> Sql.execute(tx.connection(), sql));
  }

  private static List<String> rows(Plinth plinth, String sql) {
    return plinth.transactReturning(tx -> Sql.query(tx.connection(), sql, row -> row.getString(1)));
  }

  private static long number(Plinth plinth, String sql) {
    return plinth.transactReturning(
        tx -> Sql.query(tx.connection(), sql, row -> row.getLong(1)).get(0));
  }
}
