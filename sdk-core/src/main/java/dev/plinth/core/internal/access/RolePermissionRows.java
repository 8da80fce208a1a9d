package dev.plinth.core.internal.access;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.List;

/** Statements on {@code role_permissions}. The role's row is locked first, as its key will be. */
final class RolePermissionRows {
  private final Schema schema;

  RolePermissionRows(Schema schema) {
    this.schema = schema;
  }

  /** How many of them are new; 0 as well when there is no such role. */
  int permit(Tx tx, String role, String... permissions) {
    return Sql.update(tx.connection(), schema.render(PERMIT), permissions, role);
  }

  boolean withdraw(Tx tx, String role, String permission) {
    return Sql.update(tx.connection(), schema.render(WITHDRAW), role, permission) == 1;
  }

  List<String> list(Tx tx, String role) {
    return Sql.query(tx.connection(), schema.render(LIST), row -> row.getString(1), role);
  }

  private static final String PERMIT =
      """
      INSERT INTO {schema}.role_permissions (role, permission, granted_at)
      SELECT r.name, p.permission, {now}
      FROM {schema}.roles r
      CROSS JOIN unnest(?) AS p (permission)
      WHERE r.name = ?
      FOR KEY SHARE OF r
      ON CONFLICT (role, permission) DO NOTHING
      """;

  private static final String WITHDRAW =
      """
      DELETE FROM {schema}.role_permissions
      WHERE role = ? AND permission = ?
      """;

  private static final String LIST =
      """
      SELECT permission
      FROM {schema}.role_permissions
      WHERE role = ?
      ORDER BY permission COLLATE "C"
      """;
}
