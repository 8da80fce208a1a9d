package dev.plinth.core.internal.apikey;

import dev.plinth.core.apikey.KeyAuthentication;
import dev.plinth.core.apikey.KeyOwner;
import dev.plinth.core.internal.token.Found;
import dev.plinth.core.internal.token.TokenHash;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What authentication reads of a key.
 *
 * @param state {@code valid} or why not
 * @param dueAt the time of the read, if the use is to be written
 */
record FoundKey(
    UUID id,
    @Nullable String tenantId,
    KeyOwner owner,
    List<String> scopes,
    TokenHash hash,
    String state,
    @Nullable OffsetDateTime dueAt)
    implements Found {
  /**
   * One read by the unique index on the hash and, for a user's key, one by the primary key of
   * users. Columns are read by their number: this is the path of every request.
   */
  static final String QUERY =
      """
      SELECT k.id, k.tenant_id, k.owner_type, k.owner_id, k.scopes, k.key_hash,
             CASE
               WHEN NOT k.is_active THEN 'revoked'
               WHEN k.expires_at <= {now} THEN 'expired'
               WHEN NOT (SELECT u.is_active FROM {schema}.users u WHERE u.id = k.user_id)
                 THEN 'inactive'
               ELSE 'valid'
             END,
             CASE
               WHEN k.last_used_at > {now} - interval '1 minute' THEN NULL
               ELSE {now}
             END
      FROM {schema}.api_keys k
      WHERE k.key_hash""";

  /** The condition stands twice, so that of many nodes one writes; it is asked again under lock. */
  static final String USED =
      """
      UPDATE {schema}.api_keys k
      SET last_used_at = due.used_at
      FROM (
        SELECT d.id, used.used_at
        FROM unnest(?, ?::timestamptz[]) AS used (id, used_at)
        JOIN {schema}.api_keys d ON d.id = used.id
        WHERE d.last_used_at IS NULL
           OR d.last_used_at <= used.used_at - interval '1 minute'
        FOR NO KEY UPDATE OF d SKIP LOCKED) due
      WHERE k.id = due.id
      """;

  static FoundKey of(ResultSet row) throws SQLException {
    String state = row.getString(7);
    return new FoundKey(
        Objects.requireNonNull(row.getObject(1, UUID.class)),
        row.getString(2),
        KeyRows.owner(row.getString(3), row.getString(4)),
        KeyRows.scopes(row.getArray(5)),
        TokenHash.ofBytes(row.getBytes(6)),
        state,
        state.equals("valid") ? row.getObject(8, OffsetDateTime.class) : null);
  }

  @Override
  public boolean isGood() {
    return state.equals("valid");
  }

  boolean isOf(Optional<String> tenant) {
    return tenant.isEmpty() || tenant.get().equals(tenantId);
  }

  KeyAuthentication outcome() {
    return switch (state) {
      case "valid" -> new KeyAuthentication.Valid(id, tenantId, owner, scopes);
      case "revoked" -> new KeyAuthentication.Revoked(id);
      case "expired" -> new KeyAuthentication.Expired(id);
      default -> new KeyAuthentication.OwnerInactive(id, owner.userId().orElseThrow());
    };
  }
}
