package dev.plinth.core.internal.apikey;

import dev.plinth.core.apikey.KeyAuthentication;
import dev.plinth.core.apikey.KeyOwner;
import dev.plinth.core.internal.token.Found;
import dev.plinth.core.internal.token.TokenHash;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What authentication reads of a key.
 *
 * @param dueAt the time of the read, if the use is to be written
 */
record FoundKey(
    UUID id,
    @Nullable String tenantId,
    KeyOwner owner,
    List<String> scopes,
    TokenHash hash,
    State state,
    @Nullable Instant dueAt)
    implements Found {
  /** At most one use in this time is written. */
  private static final Duration BETWEEN_USES = Duration.ofMinutes(1);

  /**
   * One read by the unique index on the hash; the row carries its user's state. This is the path of
   * every request: columns are read by their number, and what follows from them is decided in
   * {@link #of}, by the time that the statement brings along, since each function and operator in
   * it is looked up anew by the server whenever it runs.
   */
  static final String QUERY =
      """
      SELECT k.id, k.tenant_id, k.owner_type, k.owner_id, k.scopes, k.key_hash, k.is_active,
             k.expires_at, k.last_used_at, {now}, k.user_is_active
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
    Instant expiresAt = Found.time(row, 8);
    Instant lastUsedAt = Found.time(row, 9);
    Instant now = Found.requiredTime(row, 10);
    State state;
    if (!row.getBoolean(7)) {
      state = State.REVOKED;
    } else if (expiresAt != null && !expiresAt.isAfter(now)) {
      state = State.EXPIRED;
    } else {
      state = row.getBoolean(11) ? State.VALID : State.INACTIVE;
    }
    boolean due = lastUsedAt == null || !lastUsedAt.isAfter(now.minus(BETWEEN_USES));
    return new FoundKey(
        Objects.requireNonNull(row.getObject(1, UUID.class)),
        row.getString(2),
        KeyRows.owner(row.getString(3), row.getString(4)),
        KeyRows.scopes(row.getArray(5)),
        TokenHash.ofBytes(row.getBytes(6)),
        state,
        state == State.VALID && due ? now : null);
  }

  KeyAuthentication outcome() {
    return switch (state) {
      case VALID -> new KeyAuthentication.Valid(id, tenantId, owner, scopes);
      case REVOKED -> new KeyAuthentication.Revoked(id);
      case EXPIRED -> new KeyAuthentication.Expired(id);
      case INACTIVE -> new KeyAuthentication.OwnerInactive(id, owner.userId().orElseThrow());
    };
  }
}
