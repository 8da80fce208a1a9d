package dev.plinth.core.internal.access;

import dev.plinth.core.access.GrantedRole;
import dev.plinth.core.access.PrimaryRoleException;
import dev.plinth.core.access.UnknownRoleException;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Statements on {@code user_roles}. */
final class UserRoleRows {
  /** What stands in the way of a grant, or a revocation. */
  private record Found(String primary, boolean roleIsDefined) {}

  private final Schema schema;

  UserRoleRows(Schema schema) {
    this.schema = schema;
  }

  boolean grant(Tx tx, UUID userId, String role, @Nullable UUID by) {
    if (Sql.update(tx.connection(), schema.render(GRANT), by, userId, tenant(tx), role) == 1) {
      return true;
    }
    Found found = find(tx, userId, role).orElseThrow(() -> new UnknownUserException(userId));
    if (!found.roleIsDefined()) {
      throw new UnknownRoleException(role);
    }
    return false;
  }

  boolean revoke(Tx tx, UUID userId, String role) {
    if (Sql.update(tx.connection(), schema.render(REVOKE), userId, tenant(tx), role) == 1) {
      return true;
    }
    if (find(tx, userId, role).filter(found -> found.primary().equals(role)).isPresent()) {
      throw new PrimaryRoleException(userId, role);
    }
    return false;
  }

  List<GrantedRole> of(Tx tx, UUID userId) {
    return Sql.query(
        tx.connection(),
        schema.render(OF),
        row ->
            new GrantedRole(
                row.getString("role"),
                row.getBoolean("is_primary"),
                Sql.uuid(row, "granted_by"),
                Args.notNull(Sql.instant(row, "granted_at"), "granted_at")),
        userId,
        tenant(tx));
  }

  List<UUID> users(Tx tx, String role, @Nullable UUID after, int limit) {
    return Sql.query(
        tx.connection(),
        schema.render(USERS),
        row -> Args.notNull(Sql.uuid(row, "user_id"), "user_id"),
        role,
        after == null ? new UUID(0, 0) : after,
        tenant(tx),
        limit);
  }

  /** No tenant is compared like a tenant. */
  static String tenant(Tx tx) {
    return tx.tenantId().orElse("");
  }

  private Optional<Found> find(Tx tx, UUID userId, String role) {
    return Sql.first(
        tx.connection(),
        schema.render(FIND),
        row -> new Found(row.getString("role"), row.getBoolean("is_defined")),
        role,
        userId,
        tenant(tx));
  }

  private static final String GRANT =
      """
      INSERT INTO {schema}.user_roles (user_id, role, granted_by, granted_at)
      SELECT u.id, r.name, ?::uuid, {now}
      FROM {schema}.users u
      CROSS JOIN {schema}.roles r
      WHERE u.id = ? AND coalesce(u.tenant_id, '') = ? AND r.name = ?
      FOR KEY SHARE
      ON CONFLICT (user_id, role) DO NOTHING
      """;

  /**
   * The user's row is locked before that of the role is looked for, in the order in which a change
   * of the primary role locks them: whoever comes second sees what the first has made of it.
   */
  private static final String REVOKE =
      """
      DELETE FROM {schema}.user_roles r
      USING (
        SELECT u.id, u.role
        FROM {schema}.users u
        WHERE u.id = ? AND coalesce(u.tenant_id, '') = ?
        FOR NO KEY UPDATE) u
      WHERE r.user_id = u.id AND r.role = ? AND r.role <> u.role
      """;

  private static final String OF =
      """
      SELECT r.role, r.role = u.role AS is_primary, r.granted_by, r.granted_at
      FROM {schema}.user_roles r
      JOIN {schema}.users u ON u.id = r.user_id
      WHERE r.user_id = ? AND coalesce(u.tenant_id, '') = ?
      ORDER BY r.role COLLATE "C"
      """;

  private static final String USERS =
      """
      SELECT r.user_id
      FROM {schema}.user_roles r
      JOIN {schema}.users u ON u.id = r.user_id
      WHERE r.role = ? AND r.user_id > ? AND coalesce(u.tenant_id, '') = ?
      ORDER BY r.user_id
      LIMIT ?
      """;

  private static final String FIND =
      """
      SELECT u.role, EXISTS (SELECT FROM {schema}.roles r WHERE r.name = ?) AS is_defined
      FROM {schema}.users u
      WHERE u.id = ? AND coalesce(u.tenant_id, '') = ?
      """;
}
