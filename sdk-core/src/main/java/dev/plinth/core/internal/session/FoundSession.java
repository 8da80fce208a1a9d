package dev.plinth.core.internal.session;

import dev.plinth.core.internal.json.StoredJson;
import dev.plinth.core.internal.token.Found;
import dev.plinth.core.internal.token.TokenHash;
import dev.plinth.core.json.Json;
import dev.plinth.core.session.SessionAuthentication;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What authentication reads of a session.
 *
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
    State state,
    @Nullable Instant dueAt)
    implements Found {
  /** A use is written when this part of the idle timeout has passed since the last one written. */
  private static final int PARTS = 10;

  private static final long NANOS_OF_A_SECOND = 1_000_000_000;

  /**
   * One read by the unique index on the hash; the row carries its user's state. This is the path of
   * every request: columns are read by their number, and what follows from them is decided in
   * {@link #of}, by the time that the statement brings along, since each function and operator in
   * it is looked up anew by the server whenever it runs.
   */
  static final String QUERY =
      """
      SELECT s.id, s.tenant_id, s.user_id, s.session_data, s.expires_at, s.version, s.token_hash,
             s.is_active, s.last_activity_at, s.idle_expires_at, {now}, s.user_is_active
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
    Instant expiresAt = Found.requiredTime(row, 5);
    Instant lastActivityAt = Found.requiredTime(row, 9);
    Instant idleExpiresAt = Found.requiredTime(row, 10);
    Instant now = Found.requiredTime(row, 11);
    State state;
    if (!row.getBoolean(8)) {
      state = State.REVOKED;
    } else if (!expiresAt.isAfter(now) || !idleExpiresAt.isAfter(now)) {
      state = State.EXPIRED;
    } else {
      state = row.getBoolean(12) ? State.VALID : State.INACTIVE;
    }
    return new FoundSession(
        Objects.requireNonNull(row.getObject(1, UUID.class)),
        row.getString(2),
        Objects.requireNonNull(row.getObject(3, UUID.class)),
        StoredJson.of(row.getString(4)),
        expiresAt,
        row.getLong(6),
        TokenHash.ofBytes(row.getBytes(7)),
        state,
        state == State.VALID && isDue(lastActivityAt, idleExpiresAt, now) ? now : null);
  }

  /**
   * The idle end is always the idle timeout after the last use that was written. Divided by hand:
   * {@link Duration#dividedBy(long)} takes the way over BigDecimal.
   */
  private static boolean isDue(Instant lastActivityAt, Instant idleExpiresAt, Instant now) {
    Duration idle = Duration.between(lastActivityAt, idleExpiresAt);
    long seconds = idle.getSeconds() / PARTS;
    long nanos = (idle.getSeconds() % PARTS * NANOS_OF_A_SECOND + idle.getNano()) / PARTS;
    return !now.isBefore(lastActivityAt.plusSeconds(seconds).plusNanos(nanos));
  }

  SessionAuthentication outcome() {
    return switch (state) {
      case VALID ->
          new SessionAuthentication.Active(id, tenantId, userId, data, expiresAt, version);
      case REVOKED -> new SessionAuthentication.Revoked(id);
      case EXPIRED -> new SessionAuthentication.Expired(id);
      case INACTIVE -> new SessionAuthentication.UserInactive(id, userId);
    };
  }
}
