package dev.plinth.core.internal.tx;

import dev.plinth.core.tx.TxOptions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * What the policies of row-level security ask: settings that end with the transaction. Sent only
 * where the host said that these policies are in use, and where there is something to say; nothing
 * said shows nothing.
 */
final class TenantSetting {
  private static final String SET =
      """
      SELECT
        pg_catalog.set_config('plinth.tenant', ?, true),
        pg_catalog.set_config('plinth.all_tenants', ?, true)
      """;

  private final boolean inUse;

  TenantSetting(boolean inUse) {
    this.inUse = inUse;
  }

  boolean isInUse() {
    return inUse;
  }

  void begin(Connection connection, TxOptions options) throws SQLException {
    if (options.tenant() != null || options.acrossTenants()) {
      set(connection, options.tenant(), options.acrossTenants());
    }
  }

  /** Where the host set a tenant by itself and named none here, that one stays. */
  void join(Connection connection, @Nullable String tenant) {
    if (tenant != null) {
      try {
        set(connection, tenant, false);
      } catch (SQLException e) {
        throw Failures.translate(e);
      }
    }
  }

  private void set(Connection connection, @Nullable String tenant, boolean all)
      throws SQLException {
    if (inUse) {
      try (PreparedStatement statement = connection.prepareStatement(SET)) {
        statement.setString(1, tenant == null ? "" : tenant);
        statement.setString(2, all ? "on" : "off");
        statement.execute();
      }
    }
  }
}
