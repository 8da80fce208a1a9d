package dev.plinth.core.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.health.HealthReading;
import dev.plinth.core.internal.identity.OwnedByUsers;
import dev.plinth.core.internal.restore.CoreAfterRestore;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Restoring;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.vault.EncryptedColumn;
import java.sql.Connection;
import java.util.List;

/** Core as a module: the first to be migrated. */
public final class CoreModule implements FeatureModule {
  /** Within a week: long enough to rotate them in working hours. */
  private static final String EXPIRING =
      """
      SELECT count(*)
      FROM {schema}.api_keys
      WHERE is_active
        AND expires_at > {now}
        AND expires_at <= {now} + interval '7 days'
      """;

  @Override
  public String name() {
    return "core";
  }

  @Override
  public int order() {
    return 0;
  }

  @Override
  public List<String> migrations() {
    return List.of(
        "foundation",
        "users",
        "vault",
        "instances",
        "roles",
        "keys_and_sessions",
        "credentials",
        "configuration",
        "locks_and_connections",
        "user_lifecycle",
        "partition_fillfactor",
        "inactive_users",
        "user_states",
        "user_states_filled",
        "api_keys_user_state",
        "sessions_user_state",
        "states_of_inactive_users",
        "user_states_validated");
  }

  @Override
  public void subscribe(Plinth plinth) {
    new OwnedByUsers(plinth).subscribe();
  }

  @Override
  public void afterRestore(Restoring restoring) {
    CoreAfterRestore.run(restoring);
  }

  @Override
  public List<String> administrativeTables() {
    return List.of(
        "roles", "role_permissions", "role_parents", "user_roles", "system_configuration");
  }

  @Override
  public List<HealthReading> health(Connection connection, Schema schema) {
    return Sql.query(
        connection,
        schema.render(EXPIRING),
        row -> HealthReading.of("core.api_keys_expiring", row.getDouble(1), "keys"));
  }

  @Override
  public List<EncryptedColumn> encryptedColumns() {
    return List.of(
        EncryptedColumn.of("credentials", "encrypted_data").withDataKeyColumn("data_key_id"));
  }

  @Override
  public Class<? extends AutoCloseable> entryPoint() {
    return Plinth.class;
  }

  @Override
  public AutoCloseable create(Plinth plinth) {
    return plinth;
  }
}
