package dev.plinth.core.internal.access;

import com.github.benmanes.caffeine.cache.Interner;
import dev.plinth.core.access.Role;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.UUID;

/** Reads what a user may do, as the transaction sees it. */
final class ReadPermissions {
  /**
   * What was read.
   *
   * @param exists false when there is no such user
   * @param isCommitted true when the transaction has written nothing, and its statement saw all
   *     that was committed before it
   */
  record Answer(Permissions permissions, boolean exists, boolean isCommitted) {}

  private final String sql;
  private final Interner<Permissions> known = Interner.newWeakInterner();

  ReadPermissions(Schema schema) {
    this.sql = schema.render(SQL);
  }

  Answer of(Tx tx, UUID userId) {
    return Sql.query(tx.connection(), sql, this::answer, userId).get(0);
  }

  private Answer answer(ResultSet row) throws SQLException {
    boolean isActive = row.getBoolean("is_active");
    boolean exists = !row.wasNull();
    String[] roles = (String[]) row.getArray("roles").getArray();
    String[] patterns = (String[]) row.getArray("permissions").getArray();
    Permissions permissions =
        exists && isActive
            ? Permissions.of(Arrays.asList(roles).contains(Role.SUPERUSER), patterns)
            : Permissions.NONE;
    return new Answer(known.intern(permissions), exists, row.getBoolean("is_committed"));
  }

  private static final String SQL =
      """
      SELECT p.is_active, p.roles, p.permissions,
        pg_catalog.pg_current_xact_id_if_assigned() IS NULL
          AND pg_catalog.current_setting('transaction_isolation') = 'read committed' AS is_committed
      FROM {schema}.permissions_of(?) p
      """;
}
