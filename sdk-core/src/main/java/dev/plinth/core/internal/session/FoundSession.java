package dev.plinth.core.internal.session;

import dev.plinth.core.internal.token.Found;
import dev.plinth.core.internal.token.TokenHash;
import dev.plinth.core.json.Json;
import dev.plinth.core.session.SessionAuthentication;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What authentication reads of a session.
 *
 * @param state {@code valid} or why not
 * @param dueAt the time of the read, if the use is to be written
 */
record FoundSession(
    UUID id,
    @Nullable String tenantId,
    UUID userId,
    Json data,
    Instant expiresAt,
    long version,
    TokenHash hash,
    String state,
    @Nullable OffsetDateTime dueAt)
    implements Found {
  /**
   * One read by the unique index on the hash and one by the primary key of users. Columns are read
   * by their number: this is the path of every request.
   */
  static final String QUERY =
      """
      SELECT s.id, s.tenant_id, s.user_id, s.session_data, s.expires_at, s.version, s.token_hash,
             CASE
               WHEN NOT s.is_active THEN 'revoked'
               WHEN s.expires_at <= {now} OR s.idle_expires_at <= {now} THEN 'expired'
               WHEN NOT (SELECT u.is_active FROM {schema}.users u WHERE u.id = s.user_id)
                 THEN 'inactive'
               ELSE 'valid'
             END,
             CASE
               WHEN s.last_activity_at <= {now} - s.idle_timeout / 10 THEN {now}
             END
      FROM {schema}.sessions s
      WHERE s.token_hash""";

  /**
   * The session was good when it was read, so its idle end is counted from then, however late this
   * comes. The condition stands twice, so that of many nodes one writes.
   */
  static final String USED =
      """
      UPDATE {schema}.sessions s
      SET last_activity_at = due.used_at,
          idle_expires_at = due.used_at + s.idle_timeout
      FROM (
        SELECT d.id, used.used_at
        FROM unnest(?, ?::timestamptz[]) AS used (id, used_at)
        JOIN {schema}.sessions d ON d.id = used.id
        WHERE d.is_active
          AND d.last_activity_at <= used.used_at - d.idle_timeout / 10
        FOR NO KEY UPDATE OF d SKIP LOCKED) due
      WHERE s.id = due.id
      """;

  static FoundSession of(ResultSet row) throws SQLException {
    String state = row.getString(8);
    return new FoundSession(
        Objects.requireNonNull(row.getObject(1, UUID.class)),
        row.getString(2),
        Objects.requireNonNull(row.getObject(3, UUID.class)),
        Json.of(row.getString(4)),
        row.getObject(5, OffsetDateTime.class).toInstant(),
        row.getLong(6),
        TokenHash.ofBytes(row.getBytes(7)),
        state,
        state.equals("valid") ? row.getObject(9, OffsetDateTime.class) : null);
  }

  @Override
  public boolean isGood() {
    return state.equals("valid");
  }

  boolean isOf(Optional<String> tenant) {
    return tenant.isEmpty() || tenant.get().equals(tenantId);
  }

  SessionAuthentication outcome() {
    return switch (state) {
      case "valid" ->
          new SessionAuthentication.Active(id, tenantId, userId, data, expiresAt, version);
      case "revoked" -> new SessionAuthentication.Revoked(id);
      case "expired" -> new SessionAuthentication.Expired(id);
      default -> new SessionAuthentication.UserInactive(id, userId);
    };
  }
}
