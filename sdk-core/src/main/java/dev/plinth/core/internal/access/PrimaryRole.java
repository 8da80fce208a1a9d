package dev.plinth.core.internal.access;

import dev.plinth.core.access.UnknownRoleException;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.UUID;

/** Statements on {@code users.role} and its override. A trigger carries it to user_roles. */
final class PrimaryRole {
  /** A user's primary role, and whether an administrator has set it. */
  record Held(String role, boolean isOverridden) {}

  private final Schema schema;

  PrimaryRole(Schema schema) {
    this.schema = schema;
  }

  Held read(Tx tx, UUID userId) {
    return Sql.first(
            tx.connection(),
            schema.render(READ),
            PrimaryRole::held,
            userId,
            UserRoleRows.tenant(tx))
        .orElseThrow(() -> new UnknownUserException(userId));
  }

  /** Nobody can change the user, or drop the role, before the transaction ends. */
  Held lock(Tx tx, UUID userId, String role) {
    Held held =
        Sql.first(
                tx.connection(),
                schema.render(LOCK),
                PrimaryRole::held,
                userId,
                UserRoleRows.tenant(tx))
            .orElseThrow(() -> new UnknownUserException(userId));
    if (Sql.query(tx.connection(), schema.render(LOCK_ROLE), row -> true, role).isEmpty()) {
      throw new UnknownRoleException(role);
    }
    return held;
  }

  /** After {@link #lock}. */
  void override(Tx tx, UUID userId, String role, UUID by) {
    Sql.update(tx.connection(), schema.render(OVERRIDE), role, userId);
    Sql.update(tx.connection(), schema.render(NOTE_WHO), by, userId, role);
  }

  /** After {@link #lock}. */
  void map(Tx tx, UUID userId, String role) {
    Sql.update(tx.connection(), schema.render(MAP), role, userId);
  }

  boolean clear(Tx tx, UUID userId) {
    return Sql.update(tx.connection(), schema.render(CLEAR), userId, UserRoleRows.tenant(tx)) == 1;
  }

  boolean isOverridden(Tx tx, UUID userId) {
    return Sql.first(
            tx.connection(),
            schema.render(IS_OVERRIDDEN),
            row -> row.getBoolean(1),
            userId,
            UserRoleRows.tenant(tx))
        .orElse(false);
  }

  private static Held held(ResultSet row) throws SQLException {
    return new Held(row.getString("role"), row.getBoolean("role_override"));
  }

  private static final String READ =
      """
      SELECT role, role_override
      FROM {schema}.users
      WHERE id = ? AND coalesce(tenant_id, '') = ?
      """;

  private static final String LOCK =
      """
      SELECT role, role_override
      FROM {schema}.users
      WHERE id = ? AND coalesce(tenant_id, '') = ?
      FOR NO KEY UPDATE
      """;

  private static final String LOCK_ROLE =
      """
      SELECT
      FROM {schema}.roles
      WHERE name = ?
      FOR KEY SHARE
      """;

  private static final String OVERRIDE =
      """
      UPDATE {schema}.users
      SET role = ?,
        role_override = true,
        version = version + 1
      WHERE id = ?
      """;

  private static final String NOTE_WHO =
      """
      UPDATE {schema}.user_roles
      SET granted_by = ?,
        granted_at = {now}
      WHERE user_id = ? AND role = ?
      """;

  private static final String MAP =
      """
      UPDATE {schema}.users
      SET role = ?,
        version = version + 1
      WHERE id = ?
      """;

  private static final String CLEAR =
      """
      UPDATE {schema}.users
      SET role_override = false,
        version = version + 1
      WHERE id = ? AND coalesce(tenant_id, '') = ? AND role_override
      """;

  private static final String IS_OVERRIDDEN =
      """
      SELECT role_override
      FROM {schema}.users
      WHERE id = ? AND coalesce(tenant_id, '') = ?
      """;
}
