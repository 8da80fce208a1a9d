package dev.plinth.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.audit.Action;
import dev.plinth.audit.AuditLog;
import dev.plinth.core.Plinth;
import dev.plinth.core.apikey.KeyOwner;
import dev.plinth.core.apikey.NewApiKey;
import dev.plinth.core.config.Change;
import dev.plinth.core.config.Setting;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.maintenance.TaskStatus;
import dev.plinth.core.presence.NewConnection;
import dev.plinth.core.session.NewSession;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.DatabaseException;
import dev.plinth.core.vault.Cell;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Jobs;
import dev.plinth.oauth.Tokens;
import dev.plinth.quota.Quotas;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An application's role with exactly the rights that {@code grants(role)} lists. */
@PlinthTest
class GrantedRoleTest {
  record Work(String name) {}

  private static final byte[] SECRET = {1, 2, 3};

  private final String role = "app_" + UUID.randomUUID().toString().replace("-", "");
  private final RotatingIssuer issuer = new RotatingIssuer();
  private Plinth owner;
  private Plinth application;
  private HikariDataSource pool;

  @BeforeEach
  void grant(Plinth plinth, TestDatabase database) {
    owner = plinth;
    execute("CREATE ROLE " + role);
    plinth.migrations().grants(role).forEach(this::execute);
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(database.url());
    config.setMaximumPoolSize(8);
    config.setConnectionInitSql("SET ROLE " + role);
    pool = new HikariDataSource(config);
    application = database.plinth(pool).build();
  }

  @AfterEach
  void drop() {
    application.close();
    pool.close();
    issuer.close();
    execute("DROP OWNED BY " + role);
    execute("DROP ROLE " + role);
  }

  @Test
  void granted_doesWhatEveryModuleOffers() throws Exception {
    application.migrations().verify();
    application.start();
    UUID user = application.users().create(NewUser.withExternalId("ada")).id();
    UUID other = application.users().create(NewUser.withExternalId("bob")).id();
    application.roles().define("editor", "Edits", "page.edit");
    application.access().grant(user, "editor");
    assertThat(application.access().can(user, "page.edit")).isTrue();
    String key = application.apiKeys().issue(NewApiKey.of(KeyOwner.user(user), "laptop")).reveal();
    application.apiKeys().authenticate(key);
    UUID keyId = application.apiKeys().page(KeyOwner.user(user), null, 1).get(0).id();
    assertThat(application.apiKeys().revoke(keyId)).isTrue();
    String token = application.sessions().start(NewSession.of(user)).revealToken();
    application.sessions().authenticate(token);
    assertThat(application.sessions().revokeAll(user)).isEqualTo(1);
    application.passwords().set(user, "correct horse battery staple");
    application.configuration().set(Setting.ofLong("shop.limit", 1), 2L, Change.byTheHost());
    Cell cell = Cell.of("orders", "note", "1");
    assertThat(application.vault().decrypt(cell, application.vault().encrypt(cell, SECRET)))
        .isEqualTo(SECRET);
    application.locks().acquire("export", Duration.ofMinutes(1)).close();
    UUID connection = application.liveConnections().register(NewConnection.of(user)).id();
    assertThat(application.liveConnections().close(connection)).isTrue();
    application.partitions().ensureAhead();
    for (TaskStatus task : application.maintenance().status()) {
      application.maintenance().runNow(task.name());
    }
    assertThat(application.maintenance().status())
        .allSatisfy(task -> assertThat(task.lastError()).isNull());
    application.health();
    application.diagnostics();

    try (AuditLog audit = AuditLog.create(application);
        Quotas quotas = Quotas.create(application);
        Jobs jobs = Jobs.create(application);
        Tokens tokens =
            Tokens.builder(application)
                .provider(issuer.provider())
                .lease(Duration.ofMinutes(3))
                .build()) {
      audit.record(Action.of("page.edited").actor(user));
      quotas.charge(user, "storage_mb", 1);
      quotas.setCap(user, "storage_mb", 100);
      jobs.enqueue(JobType.of("work", Work.class), new Work("one"));
      assertThat(jobs.check()).isEmpty();
      tokens.store(user, "acme", issuer.consent());
      tokens.fresh(user, "acme");
      assertThat(tokens.revoke(user, "acme")).isTrue();
    }
    application.users().merge(other, user);
    assertThat(application.users().erase(other)).isTrue();
    assertThat(application.users().deactivate(user)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE plinth.audit_actions SET action = 'x'",
        "DELETE FROM plinth.audit_actions",
        "DELETE FROM plinth.audit_session_events",
        "TRUNCATE plinth.audit_actions",
        "UPDATE plinth.system_configuration_history SET name = 'x'",
        "DELETE FROM plinth.system_configuration_history",
        "UPDATE plinth.vault_data_keys SET wrapped = 'x'",
        "DELETE FROM plinth.schema_changes",
        "INSERT INTO plinth.partitioned_tables (name, period) VALUES ('x', 'day')",
        "UPDATE plinth.flyway_history_core SET success = true",
        "TRUNCATE plinth.users",
        "DROP TABLE plinth.users",
        "ALTER TABLE plinth.users DISABLE TRIGGER ALL",
        "CREATE TABLE plinth.mine (n int)",
        "SELECT setval('plinth.locks_fence_seq', 1)"
      })
  void granted_mayNot(String sql) throws Exception {
    try (Connection connection = pool.getConnection()) {
      assertThatThrownBy(() -> Sql.execute(connection, sql))
          .isInstanceOf(DatabaseException.class)
          .extracting("sqlState")
          .isEqualTo("42501");
    }
  }

  private void execute(String sql) {
    owner.transact(tx -> Sql.execute(tx.connection(), sql));
  }
}
