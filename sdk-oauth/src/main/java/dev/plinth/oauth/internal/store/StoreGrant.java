package dev.plinth.oauth.internal.store;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.oauth.TokenSet;
import dev.plinth.oauth.UnknownProviderException;
import dev.plinth.oauth.internal.Sealer;
import dev.plinth.oauth.internal.TokenKey;
import dev.plinth.oauth.internal.provider.Client;
import dev.plinth.oauth.internal.provider.ProviderRepository;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/** Writes a new grant, or a new one in an old one's place. */
final class StoreGrant {
  private final Plinth plinth;
  private final ProviderRepository providers;
  private final Sealer sealer;
  private final String lock;
  private final String insert;
  private final String update;
  private final String forgetKept;
  private final String userExists;

  StoreGrant(Plinth plinth, ProviderRepository providers) {
    this.plinth = plinth;
    this.providers = providers;
    this.sealer = new Sealer(plinth, "oauth2_tokens");
    // The row's id goes into its ciphertexts, so it must be known before they are made: hence a
    // lock first and no ON CONFLICT DO UPDATE. The user comes first, as for everyone who locks
    // both.
    this.lock =
        render(
            """
            SELECT t.id
            FROM {schema}.users u
            JOIN {schema}.oauth2_tokens t ON t.user_id = u.id
            WHERE u.id = ? AND t.provider = ? AND coalesce(t.tenant_id, '') = ?
              AND num_nulls(u.merged_into, u.erased_at) = 2
            FOR KEY SHARE OF u
            FOR NO KEY UPDATE OF t
            """);
    this.insert =
        render(
            """
            INSERT INTO {schema}.oauth2_tokens
              (id, tenant_id, user_id, provider, provider_id, access_token, refresh_token, id_token,
               token_type, scopes, issued_at, expires_at, created_at, updated_at)
            SELECT ?, nullif(?, ''), u.id, ?, ?, ?::bytea, ?::bytea, ?::bytea,
                   ?, ?, {now}, {now} + make_interval(secs => ?), {now}, {now}
            FROM {schema}.users u
            WHERE u.id = ? AND coalesce(u.tenant_id, '') = ?
              AND num_nulls(u.merged_into, u.erased_at) = 2
            FOR KEY SHARE OF u
            ON CONFLICT DO NOTHING
            """);
    this.update =
        render(
            """
            UPDATE {schema}.oauth2_tokens
            SET provider_id = ?,
                status = 'active',
                status_reason = NULL,
                access_token = ?,
                refresh_token = ?,
                id_token = ?,
                token_type = ?,
                scopes = ?,
                issued_at = {now},
                expires_at = {now} + make_interval(secs => ?),
                version = version + 1,
                granted_version = version + 1,
                lease_owner = NULL,
                lease_until = NULL,
                lease_fence = lease_fence + 1,
                refresh_id = NULL,
                failures = 0,
                next_attempt_at = NULL,
                last_error_class = NULL,
                last_error = NULL
            WHERE id = ?
            """);
    this.forgetKept =
        render(
            """
            UPDATE {schema}.oauth2_token_refreshes
            SET kept_tokens = NULL
            WHERE token_id = ? AND kind = 'refresh' AND kept_tokens IS NOT NULL
            """);
    this.userExists =
        render(
            """
            SELECT 1
            FROM {schema}.users u
            WHERE u.id = ? AND coalesce(u.tenant_id, '') = ?
              AND num_nulls(u.merged_into, u.erased_at) = 2
            """);
  }

  void store(Tx tx, TokenKey key, TokenSet tokens) {
    Client client =
        providers
            .usable(tx, key.provider())
            .orElseThrow(() -> new UnknownProviderException(key.provider()));
    Optional<UUID> existing = lock(tx, key);
    if (existing.isEmpty() && !insert(tx, key, client, tokens)) {
      if (Sql.first(tx.connection(), userExists, row -> 1, key.userId(), key.tenantOrBlank())
          .isEmpty()) {
        throw new UnknownUserException(key.userId());
      }
      // Another transaction stored the first grant between our two statements.
      existing = lock(tx, key);
    }
    existing.ifPresent(id -> replace(tx, id, client, tokens));
  }

  private Optional<UUID> lock(Tx tx, TokenKey key) {
    return Sql.first(
        tx.connection(),
        lock,
        row -> Objects.requireNonNull(Sql.uuid(row, "id")),
        key.userId(),
        key.provider(),
        key.tenantOrBlank());
  }

  private boolean insert(Tx tx, TokenKey key, Client client, TokenSet tokens) {
    UUID id = plinth.ids().next();
    return Sql.update(
            tx.connection(),
            insert,
            id,
            key.tenantOrBlank(),
            key.provider(),
            client.id(),
            sealer.seal(tx, "access_token", id, tokens.accessToken()),
            sealer.seal(tx, "refresh_token", id, tokens.refreshToken()),
            sealer.seal(tx, "id_token", id, tokens.idToken()),
            tokens.tokenType(),
            tokens.scopes().toArray(new String[0]),
            lifetime(client, tokens),
            key.userId(),
            key.tenantOrBlank())
        == 1;
  }

  private void replace(Tx tx, UUID id, Client client, TokenSet tokens) {
    Sql.update(
        tx.connection(),
        update,
        client.id(),
        sealer.seal(tx, "access_token", id, tokens.accessToken()),
        sealer.seal(tx, "refresh_token", id, tokens.refreshToken()),
        sealer.seal(tx, "id_token", id, tokens.idToken()),
        tokens.tokenType(),
        tokens.scopes().toArray(new String[0]),
        lifetime(client, tokens),
        id);
    Sql.update(tx.connection(), forgetKept, id);
  }

  private static Duration lifetime(Client client, TokenSet tokens) {
    Duration given = tokens.expiresIn();
    return given == null ? client.defaultExpiry() : given;
  }

  private String render(String sql) {
    return plinth.schema().render(sql);
  }
}
