package dev.plinth.oauth.internal.store;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.oauth.ErrorClass;
import dev.plinth.oauth.StoredToken;
import dev.plinth.oauth.TokenRefresh;
import dev.plinth.oauth.internal.TokenKey;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads a grant and its history, without secrets. */
final class FindGrant {
  private final String find;
  private final String refreshes;

  FindGrant(Plinth plinth) {
    this.find =
        plinth
            .schema()
            .render(
                """
                SELECT t.id, t.tenant_id, t.user_id, t.provider, t.status, t.scopes, t.expires_at,
                       t.version, t.created_at, t.updated_at
                FROM {schema}.oauth2_tokens t
                WHERE t.user_id = ? AND t.provider = ? AND coalesce(t.tenant_id, '') = ?
                """);
    this.refreshes =
        plinth
            .schema()
            .render(
                """
                SELECT r.id, r.kind, r.base_version, r.attempt, r.outcome, r.error_class, r.error,
                       r.http_status, r.instance_id, r.started_at, r.finished_at
                FROM {schema}.oauth2_token_refreshes r
                JOIN {schema}.oauth2_tokens t ON t.id = r.token_id
                WHERE t.user_id = ? AND t.provider = ? AND coalesce(t.tenant_id, '') = ?
                ORDER BY r.id DESC
                LIMIT 100
                """);
  }

  Optional<StoredToken> find(Tx tx, TokenKey key) {
    return Sql.first(
        tx.connection(), find, FindGrant::token, key.userId(), key.provider(), key.tenantOrBlank());
  }

  List<TokenRefresh> refreshes(Tx tx, TokenKey key) {
    return Sql.query(
        tx.connection(),
        refreshes,
        FindGrant::refresh,
        key.userId(),
        key.provider(),
        key.tenantOrBlank());
  }

  private static StoredToken token(ResultSet row) throws SQLException {
    return new StoredToken(
        Objects.requireNonNull(Sql.uuid(row, "id")),
        row.getString("tenant_id"),
        Objects.requireNonNull(Sql.uuid(row, "user_id")),
        row.getString("provider"),
        StoredToken.Status.valueOf(upper(row.getString("status"))),
        Set.of((String[]) row.getArray("scopes").getArray()),
        Objects.requireNonNull(Sql.instant(row, "expires_at")),
        row.getLong("version"),
        Objects.requireNonNull(Sql.instant(row, "created_at")),
        Objects.requireNonNull(Sql.instant(row, "updated_at")));
  }

  private static TokenRefresh refresh(ResultSet row) throws SQLException {
    String errorClass = row.getString("error_class");
    return new TokenRefresh(
        Objects.requireNonNull(Sql.uuid(row, "id")),
        TokenRefresh.Kind.valueOf(upper(row.getString("kind"))),
        row.getLong("base_version"),
        row.getInt("attempt"),
        TokenRefresh.Outcome.valueOf(upper(row.getString("outcome"))),
        errorClass == null ? null : ErrorClass.valueOf(upper(errorClass)),
        row.getString("error"),
        integer(row, "http_status"),
        Sql.uuid(row, "instance_id"),
        Objects.requireNonNull(Sql.instant(row, "started_at")),
        Sql.instant(row, "finished_at"));
  }

  private static @Nullable Integer integer(ResultSet row, String column) throws SQLException {
    int value = row.getInt(column);
    return row.wasNull() ? null : (Integer) value;
  }

  private static String upper(String text) {
    return text.toUpperCase(Locale.ROOT);
  }
}
