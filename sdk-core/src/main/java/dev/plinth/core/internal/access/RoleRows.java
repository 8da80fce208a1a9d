package dev.plinth.core.internal.access;

import dev.plinth.core.access.BuiltInRoleException;
import dev.plinth.core.access.Role;
import dev.plinth.core.access.RoleInUseException;
import dev.plinth.core.access.UnknownRoleException;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Statements on {@code roles}. */
final class RoleRows {
  /** How many users and roles stand in the way of dropping a role. */
  private record Use(long users, long heirs) {}

  private final Schema schema;

  RoleRows(Schema schema) {
    this.schema = schema;
  }

  Optional<Role> insert(Tx tx, String name, @Nullable String description) {
    return first(tx, INSERT, name, description);
  }

  Optional<Role> describe(Tx tx, String name, @Nullable String description) {
    return first(tx, DESCRIBE, description, name);
  }

  Optional<Role> find(Tx tx, String name) {
    return first(tx, FIND, name);
  }

  List<Role> page(Tx tx, @Nullable String after, int limit) {
    return Sql.query(
        tx.connection(), schema.render(PAGE), RoleRows::role, after == null ? "" : after, limit);
  }

  /** Fails unless the role is there. */
  void require(Tx tx, String name) {
    if (find(tx, name).isEmpty()) {
      throw new UnknownRoleException(name);
    }
  }

  /**
   * Locks the row against whoever is about to grant the role before looking for its users, since
   * the foreign key would answer by failing the transaction.
   */
  boolean drop(Tx tx, String name) {
    Optional<Role> role = first(tx, LOCK, name);
    if (role.isEmpty()) {
      return false;
    }
    if (role.get().isBuiltIn()) {
      throw new BuiltInRoleException(name);
    }
    Use use =
        Sql.query(
                tx.connection(),
                schema.render(USE),
                row -> new Use(row.getLong("users"), row.getLong("heirs")),
                name,
                name)
            .get(0);
    if (use.users() + use.heirs() > 0) {
      throw new RoleInUseException(name, use.users(), use.heirs());
    }
    return Sql.update(tx.connection(), schema.render(DROP), name) == 1;
  }

  private Optional<Role> first(Tx tx, String sql, @Nullable Object... parameters) {
    return Sql.first(tx.connection(), schema.render(sql), RoleRows::role, parameters);
  }

  private static Role role(ResultSet row) throws SQLException {
    return new Role(
        row.getString("name"),
        row.getString("description"),
        row.getBoolean("is_builtin"),
        Args.notNull(Sql.instant(row, "created_at"), "created_at"),
        Args.notNull(Sql.instant(row, "updated_at"), "updated_at"));
  }

  private static final String INSERT =
      """
      INSERT INTO {schema}.roles (name, description, created_at, updated_at)
      VALUES (?, ?, {now}, {now})
      ON CONFLICT (name) DO NOTHING
      RETURNING *
      """;

  private static final String DESCRIBE =
      """
      UPDATE {schema}.roles
      SET description = ?
      WHERE name = ?
      RETURNING *
      """;

  private static final String FIND =
      """
      SELECT *
      FROM {schema}.roles
      WHERE name = ?
      """;

  private static final String LOCK =
      """
      SELECT *
      FROM {schema}.roles
      WHERE name = ?
      FOR UPDATE
      """;

  private static final String PAGE =
      """
      SELECT *
      FROM {schema}.roles
      WHERE name COLLATE "C" > ?
      ORDER BY name COLLATE "C"
      LIMIT ?
      """;

  private static final String USE =
      """
      SELECT
        (SELECT count(*) FROM {schema}.user_roles WHERE role = ?) AS users,
        (SELECT count(*) FROM {schema}.role_parents WHERE parent = ?) AS heirs
      """;

  private static final String DROP =
      """
      DELETE FROM {schema}.roles
      WHERE name = ?
      """;
}
