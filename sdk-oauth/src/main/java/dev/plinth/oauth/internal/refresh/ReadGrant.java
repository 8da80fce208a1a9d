package dev.plinth.oauth.internal.refresh;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.oauth.ErrorClass;
import dev.plinth.oauth.StoredToken;
import dev.plinth.oauth.internal.Sealer;
import dev.plinth.oauth.internal.TokenKey;
import dev.plinth.oauth.internal.refresh.Grant.Lease;
import dev.plinth.oauth.internal.refresh.Grant.Pause;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads a grant with all that decides whether to refresh it. */
final class ReadGrant {
  private final Plinth plinth;
  private final Sealer sealer;
  private final String sql;

  ReadGrant(Plinth plinth) {
    this.plinth = plinth;
    this.sealer = new Sealer(plinth, "oauth2_tokens");
    this.sql =
        plinth
            .schema()
            .render(
                """
                SELECT t.id, t.provider_id, t.status, t.status_reason, t.version, t.access_token,
                       t.refresh_token, t.scopes, t.expires_at, t.lease_fence, t.lease_owner,
                       t.refresh_id, t.failures, t.next_attempt_at, t.last_error_class,
                       t.last_error, p.breaker_until, p.breaker_error,
                       extract(epoch FROM t.expires_at - {now}) * 1000 AS remaining_ms,
                       extract(epoch FROM t.expires_at - t.issued_at) * 1000 AS lifetime_ms,
                       t.lease_until <= {now} AS lease_expired,
                       t.next_attempt_at > {now} AS paused,
                       p.breaker_until > {now} AS broken
                FROM {schema}.oauth2_tokens t
                JOIN {schema}.oauth2_providers p ON p.id = t.provider_id
                WHERE t.user_id = ? AND t.provider = ? AND coalesce(t.tenant_id, '') = ?
                """);
  }

  /** In a short transaction of its own, whatever the calling thread is in. */
  Optional<Grant> read(TokenKey key) {
    return plinth.transactSeparately(
        key.txOptions(),
        tx ->
            Sql.first(
                tx.connection(),
                sql,
                row -> grant(tx, key, row),
                key.userId(),
                key.provider(),
                key.tenantOrBlank()));
  }

  private Grant grant(Tx tx, TokenKey key, ResultSet row) throws SQLException {
    UUID id = Objects.requireNonNull(Sql.uuid(row, "id"));
    return new Grant(
        id,
        key,
        Objects.requireNonNull(Sql.uuid(row, "provider_id")),
        StoredToken.Status.valueOf(row.getString("status").toUpperCase(Locale.ROOT)),
        row.getString("status_reason"),
        row.getLong("version"),
        sealer.open(tx, "access_token", id, row.getBytes("access_token")),
        sealer.open(tx, "refresh_token", id, row.getBytes("refresh_token")),
        Set.of((String[]) row.getArray("scopes").getArray()),
        Objects.requireNonNull(Sql.instant(row, "expires_at")),
        Duration.ofMillis(row.getLong("remaining_ms")),
        Duration.ofMillis(row.getLong("lifetime_ms")),
        row.getLong("lease_fence"),
        lease(row),
        pause(row),
        row.getInt("failures"));
  }

  private static @Nullable Lease lease(ResultSet row) throws SQLException {
    UUID owner = Sql.uuid(row, "lease_owner");
    UUID refreshId = Sql.uuid(row, "refresh_id");
    return owner == null || refreshId == null
        ? null
        : new Lease(owner, refreshId, row.getBoolean("lease_expired"));
  }

  private static @Nullable Pause pause(ResultSet row) throws SQLException {
    if (row.getBoolean("broken")) {
      return new Pause(
          ErrorClass.CONFIGURATION,
          row.getString("breaker_error"),
          Objects.requireNonNull(Sql.instant(row, "breaker_until")));
    }
    Instant until = Sql.instant(row, "next_attempt_at");
    return until == null || !row.getBoolean("paused")
        ? null
        : new Pause(
            ErrorClass.valueOf(row.getString("last_error_class").toUpperCase(Locale.ROOT)),
            row.getString("last_error"),
            until);
  }
}
