package dev.plinth.core.internal.credential;

import dev.plinth.core.credential.Credential;
import dev.plinth.core.credential.CredentialType;
import dev.plinth.core.credential.NewCredential;
import dev.plinth.core.credential.Secret;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Statements on {@code credentials}. No tenant is compared like a tenant, as in the indexes. */
final class CredentialRows {
  /** A row with its encrypted value. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Sealed(Credential credential, byte[] value, boolean isDue) {}

  private static final String COLUMNS =
      "c.id, c.tenant_id, c.user_id, c.integration_id, c.name, c.type, c.oauth_expires_at,"
          + " c.is_active, c.version, c.created_at, c.updated_at, c.last_used_at";

  private static final String OF_TENANT = "coalesce(c.tenant_id, '') = ?";

  private static final String DUE =
      "(c.last_used_at IS NULL OR c.last_used_at <= {now} - interval '1 minute')";

  private final String insert;
  private final String userExists;
  private final String byId;
  private final String byName;
  private final String page;
  private final String sealed;
  private final String touch;
  private final String replace;
  private final String setActive;
  private final String delete;

  CredentialRows(Schema schema) {
    // The lock keeps the user from being deleted before the foreign key is checked.
    this.insert =
        render(
            schema,
            """
            INSERT INTO {schema}.credentials AS c
              (id, tenant_id, user_id, integration_id, name, type, encrypted_data, oauth_expires_at,
              created_at, updated_at)
            SELECT ?, u.tenant_id, u.id, ?, ?, ?, ?, ?, {now}, {now}
            FROM (
              SELECT id, tenant_id FROM {schema}.users
              WHERE id = ? AND coalesce(tenant_id, '') = ?
              FOR KEY SHARE) u
            ON CONFLICT DO NOTHING
            RETURNING {columns}
            """);
    this.userExists =
        render(schema, "SELECT 1 FROM {schema}.users WHERE id = ? AND coalesce(tenant_id, '') = ?");
    this.byId =
        render(
            schema, "SELECT {columns} FROM {schema}.credentials c WHERE c.id = ? AND {of_tenant}");
    this.byName =
        render(
            schema,
            """
            SELECT {columns}
            FROM {schema}.credentials c
            WHERE c.user_id = ? AND coalesce(c.integration_id, '') = ? AND c.name = ?
              AND {of_tenant}
            """);
    this.page =
        render(
            schema,
            """
            SELECT {columns}
            FROM {schema}.credentials c
            WHERE c.user_id = ? AND c.id > ? AND {of_tenant}
            ORDER BY c.id
            LIMIT ?
            """);
    // A transaction can be read-only without the driver's knowledge, by SQL or on a standby; a
    // write would then abort it, and take the reader's answer along.
    this.sealed =
        render(
            schema,
            """
            SELECT {columns}, c.encrypted_data,
              {due} AND current_setting('transaction_read_only') = 'off' AS is_due
            FROM {schema}.credentials c
            WHERE c.id = ? AND c.is_active AND {of_tenant}
            """);
    this.touch =
        render(
            schema,
            """
            UPDATE {schema}.credentials
            SET last_used_at = {now}
            WHERE id = (
              SELECT c.id FROM {schema}.credentials c
              WHERE c.id = ? AND {due}
              FOR NO KEY UPDATE SKIP LOCKED)
            """);
    this.replace =
        render(
            schema,
            """
            UPDATE {schema}.credentials c
            SET type = ?, encrypted_data = ?, oauth_expires_at = ?, version = version + 1
            WHERE c.id = ? AND c.version = ? AND {of_tenant}
            RETURNING {columns}
            """);
    this.setActive =
        render(
            schema,
            """
            UPDATE {schema}.credentials c
            SET is_active = ?, version = version + 1
            WHERE c.id = ? AND c.is_active <> ? AND {of_tenant}
            """);
    this.delete =
        render(schema, "DELETE FROM {schema}.credentials c WHERE c.id = ? AND {of_tenant}");
  }

  private static String render(Schema schema, String sql) {
    return schema.render(
        sql.replace("{columns}", COLUMNS).replace("{of_tenant}", OF_TENANT).replace("{due}", DUE));
  }

  Optional<Credential> insert(Tx tx, UUID id, NewCredential made, byte[] value) {
    return Sql.first(
        tx.connection(),
        insert,
        CredentialRows::credential,
        id,
        made.integrationId(),
        made.name(),
        made.secret().type(),
        value,
        expiry(made.secret()),
        made.userId(),
        tenant(tx));
  }

  boolean userExists(Tx tx, UUID userId) {
    return Sql.first(tx.connection(), userExists, row -> 1, userId, tenant(tx)).isPresent();
  }

  Optional<Credential> find(Tx tx, UUID id) {
    return Sql.first(tx.connection(), byId, CredentialRows::credential, id, tenant(tx));
  }

  Optional<Credential> find(Tx tx, UUID userId, @Nullable String integrationId, String name) {
    return Sql.first(
        tx.connection(),
        byName,
        CredentialRows::credential,
        userId,
        integrationId == null ? "" : integrationId,
        name,
        tenant(tx));
  }

  List<Credential> page(Tx tx, UUID userId, UUID after, int limit) {
    return Sql.query(
        tx.connection(), page, CredentialRows::credential, userId, after, tenant(tx), limit);
  }

  Optional<Sealed> sealed(Tx tx, UUID id) {
    return Sql.first(
        tx.connection(),
        sealed,
        row ->
            new Sealed(credential(row), row.getBytes("encrypted_data"), row.getBoolean("is_due")),
        id,
        tenant(tx));
  }

  int touch(Tx tx, UUID id) {
    return Sql.update(tx.connection(), touch, id);
  }

  Optional<Credential> replace(Tx tx, Credential old, Secret secret, byte[] value) {
    return Sql.first(
        tx.connection(),
        replace,
        CredentialRows::credential,
        secret.type(),
        value,
        expiry(secret),
        old.id(),
        old.version(),
        tenant(tx));
  }

  boolean setActive(Tx tx, UUID id, boolean active) {
    return Sql.update(tx.connection(), setActive, active, id, active, tenant(tx)) == 1;
  }

  boolean delete(Tx tx, UUID id) {
    return Sql.update(tx.connection(), delete, id, tenant(tx)) == 1;
  }

  private static String tenant(Tx tx) {
    return tx.tenantId().orElse("");
  }

  private static @Nullable Instant expiry(Secret secret) {
    return secret instanceof Secret.OAuth2 oauth ? oauth.expiresAt() : null;
  }

  private static Credential credential(ResultSet row) throws SQLException {
    return new Credential(
        Objects.requireNonNull(Sql.uuid(row, "id")),
        row.getString("tenant_id"),
        Objects.requireNonNull(Sql.uuid(row, "user_id")),
        row.getString("integration_id"),
        row.getString("name"),
        CredentialType.valueOf(row.getString("type").toUpperCase(Locale.ROOT)),
        Sql.instant(row, "oauth_expires_at"),
        row.getBoolean("is_active"),
        row.getLong("version"),
        Objects.requireNonNull(Sql.instant(row, "created_at")),
        Objects.requireNonNull(Sql.instant(row, "updated_at")),
        Sql.instant(row, "last_used_at"));
  }
}
