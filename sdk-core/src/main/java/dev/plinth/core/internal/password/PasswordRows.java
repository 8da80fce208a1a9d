package dev.plinth.core.internal.password;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The statements on {@code users.password_hash}, for the transaction's tenant. */
final class PasswordRows {
  /** The old address of somebody who was merged leads to whoever took over, and their password. */
  private static final String BY_LOGIN =
      """
      SELECT t.id, t.password_hash, t.is_active
      FROM {schema}.users u
      JOIN {schema}.users t ON t.id = coalesce(u.merged_into, u.id)
      WHERE coalesce(u.tenant_id, '') = coalesce(?, '')
        AND (lower(u.email COLLATE "C") = ? OR u.username = ?)
      ORDER BY lower(u.email COLLATE "C") = ? DESC NULLS LAST
      LIMIT 1
      """;

  private static final String BY_ID =
      """
      SELECT id, password_hash, is_active
      FROM {schema}.users
      WHERE id = ?
        AND coalesce(tenant_id, '') = coalesce(?, '')
      """;

  /** The hash that was compared is the condition: a password changed meanwhile is not undone. */
  private static final String LOGGED_IN =
      """
      UPDATE {schema}.users
      SET last_login_at = {now},
          password_hash = coalesce(?, password_hash),
          version = version + 1
      WHERE id = ?
        AND password_hash = ?
        AND is_active
      """;

  private static final String SET =
      """
      UPDATE {schema}.users
      SET password_hash = ?,
          version = version + 1
      WHERE id = ?
        AND coalesce(tenant_id, '') = coalesce(?, '')
        AND merged_into IS NULL
        AND erased_at IS NULL
      """;

  private static final String REMOVE =
      """
      UPDATE {schema}.users
      SET password_hash = NULL,
          version = version + 1
      WHERE id = ?
        AND coalesce(tenant_id, '') = coalesce(?, '')
        AND password_hash IS NOT NULL
      """;

  /** A user with what is stored of the password. Not a record: its text would tell the hash. */
  static final class Stored {
    private final UUID id;
    private final @Nullable String hash;
    private final boolean active;

    private Stored(UUID id, @Nullable String hash, boolean active) {
      this.id = id;
      this.hash = hash;
      this.active = active;
    }

    UUID id() {
      return id;
    }

    @Nullable String hash() {
      return hash;
    }

    boolean isActive() {
      return active;
    }
  }

  private final String byLogin;
  private final String byId;
  private final String loggedIn;
  private final String set;
  private final String remove;

  PasswordRows(Schema schema) {
    this.byLogin = schema.render(BY_LOGIN);
    this.byId = schema.render(BY_ID);
    this.loggedIn = schema.render(LOGGED_IN);
    this.set = schema.render(SET);
    this.remove = schema.render(REMOVE);
  }

  Optional<Stored> byLogin(Tx tx, String login) {
    String email = login.toLowerCase(Locale.ROOT);
    return Sql.first(
        tx.connection(), byLogin, PasswordRows::stored, tenant(tx), email, login, email);
  }

  Optional<Stored> byId(Tx tx, UUID id) {
    return Sql.first(tx.connection(), byId, PasswordRows::stored, id, tenant(tx));
  }

  boolean loggedIn(Tx tx, UUID id, String compared, @Nullable String rehashed) {
    return Sql.update(tx.connection(), loggedIn, rehashed, id, compared) == 1;
  }

  boolean set(Tx tx, UUID id, String hash) {
    return Sql.update(tx.connection(), set, hash, id, tenant(tx)) == 1;
  }

  boolean remove(Tx tx, UUID id) {
    return Sql.update(tx.connection(), remove, id, tenant(tx)) == 1;
  }

  private static @Nullable String tenant(Tx tx) {
    return tx.tenantId().orElse(null);
  }

  private static Stored stored(ResultSet row) throws SQLException {
    return new Stored(
        Objects.requireNonNull(row.getObject(1, UUID.class)), row.getString(2), row.getBoolean(3));
  }
}
