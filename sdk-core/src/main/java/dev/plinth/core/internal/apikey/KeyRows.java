package dev.plinth.core.internal.apikey;

import dev.plinth.core.apikey.ApiKey;
import dev.plinth.core.apikey.KeyOwner;
import dev.plinth.core.spi.Sql;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.UUID;

/** How rows of {@code api_keys} become records. */
final class KeyRows {
  /** Everything but the hash. */
  static final String COLUMNS =
      """
      k.id, k.tenant_id, k.owner_type, k.owner_id, k.name, k.prefix, k.scopes, k.metadata,
      k.is_active, k.replaces, k.created_at, k.expires_at, k.revoked_at, k.last_used_at, k.version
      """;

  private KeyRows() {}

  static ApiKey key(ResultSet row) throws SQLException {
    return new ApiKey(
        uuid(row, "id"),
        row.getString("tenant_id"),
        owner(row.getString("owner_type"), row.getString("owner_id")),
        row.getString("name"),
        row.getString("prefix"),
        scopes(row.getArray("scopes")),
        Objects.requireNonNull(Sql.json(row, "metadata")),
        row.getBoolean("is_active"),
        Sql.uuid(row, "replaces"),
        row.getObject("created_at", OffsetDateTime.class).toInstant(),
        Sql.instant(row, "expires_at"),
        Sql.instant(row, "revoked_at"),
        Sql.instant(row, "last_used_at"),
        row.getLong("version"));
  }

  static KeyOwner owner(String type, String id) {
    return new KeyOwner(KeyOwner.Kind.valueOf(type.toUpperCase(Locale.ROOT)), id);
  }

  static List<String> scopes(Array column) throws SQLException {
    return List.of((String[]) column.getArray());
  }

  static UUID uuid(ResultSet row, String column) throws SQLException {
    return Objects.requireNonNull(Sql.uuid(row, column));
  }
}
