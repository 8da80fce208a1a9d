package dev.plinth.core.internal.session;

import dev.plinth.core.session.Session;
import dev.plinth.core.spi.Sql;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** How rows of {@code sessions} become records. */
final class SessionRows {
  /** Everything but the hash. */
  static final String COLUMNS =
      """
      s.id, s.tenant_id, s.user_id, s.session_data, s.device_type, s.device_name,
      host(s.ip_address) AS address, s.created_at, s.last_activity_at,
      extract(epoch FROM s.idle_timeout) AS idle_seconds, s.idle_expires_at, s.expires_at,
      s.is_active, s.ended_at, s.version
      """;

  /** Good now: an SQL condition on {@code s}, but for the user. */
  static final String GOOD = "s.is_active AND s.expires_at > {now} AND s.idle_expires_at > {now}";

  private SessionRows() {}

  static Session session(ResultSet row) throws SQLException {
    return new Session(
        uuid(row, "id"),
        row.getString("tenant_id"),
        uuid(row, "user_id"),
        Objects.requireNonNull(Sql.json(row, "session_data")),
        row.getString("device_type"),
        row.getString("device_name"),
        address(row.getString("address")),
        instant(row, "created_at"),
        instant(row, "last_activity_at"),
        Duration.ofNanos(row.getBigDecimal("idle_seconds").movePointRight(9).longValue()),
        instant(row, "idle_expires_at"),
        instant(row, "expires_at"),
        row.getBoolean("is_active"),
        Sql.instant(row, "ended_at"),
        row.getLong("version"));
  }

  static UUID uuid(ResultSet row, String column) throws SQLException {
    return Objects.requireNonNull(Sql.uuid(row, column));
  }

  private static Instant instant(ResultSet row, String column) throws SQLException {
    return row.getObject(column, OffsetDateTime.class).toInstant();
  }

  private static @Nullable InetAddress address(@Nullable String text) {
    try {
      // A literal, so that no name is looked up.
      return text == null ? null : InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("PostgreSQL's addresses are literals", e);
    }
  }
}
