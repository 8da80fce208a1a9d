package dev.plinth.oauth.internal.store;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.vault.VaultException;
import dev.plinth.oauth.TokenRevoked;
import dev.plinth.oauth.internal.Announcements;
import dev.plinth.oauth.internal.Sealer;
import dev.plinth.oauth.internal.TokenKey;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes a grant's tokens and leaves the row to say so. */
final class RevokeGrant {
  private static final Logger log = LoggerFactory.getLogger(RevokeGrant.class);

  private final Sealer sealer;
  private final Revocations revocations;
  private final Announcements announcements;
  private final String lock;
  private final String revoke;
  private final String forgetKept;

  RevokeGrant(Plinth plinth, Revocations revocations, Announcements announcements) {
    this.sealer = new Sealer(plinth, "oauth2_tokens");
    this.revocations = revocations;
    this.announcements = announcements;
    this.lock =
        plinth
            .schema()
            .render(
                """
                SELECT t.id, t.version, t.refresh_token, t.access_token,
                       p.revocation_endpoint IS NOT NULL AS tell
                FROM {schema}.oauth2_tokens t
                JOIN {schema}.oauth2_providers p ON p.id = t.provider_id
                WHERE t.user_id = ? AND t.provider = ? AND coalesce(t.tenant_id, '') = ?
                  AND t.status <> 'revoked'
                FOR NO KEY UPDATE OF t
                """);
    this.revoke =
        plinth
            .schema()
            .render(
                """
                UPDATE {schema}.oauth2_tokens
                SET status = 'revoked',
                    status_reason = 'revoked',
                    access_token = NULL,
                    refresh_token = NULL,
                    id_token = NULL,
                    version = version + 1,
                    granted_version = version + 1,
                    lease_owner = NULL,
                    lease_until = NULL,
                    lease_fence = lease_fence + 1,
                    refresh_id = NULL,
                    failures = 0,
                    next_attempt_at = NULL
                WHERE id = ?
                """);
    this.forgetKept =
        plinth
            .schema()
            .render(
                """
                UPDATE {schema}.oauth2_token_refreshes
                SET kept_tokens = NULL
                WHERE token_id = ? AND kind = 'refresh' AND kept_tokens IS NOT NULL
                """);
  }

  boolean revoke(Tx tx, TokenKey key) {
    return revoke(tx, key, sealer::open);
  }

  /**
   * As {@link #revoke}, even when what the provider would be told cannot be decrypted here: then
   * nobody is told.
   */
  boolean revokeInAnyCase(Tx tx, TokenKey key) {
    return revoke(
        tx,
        key,
        (t, column, id, ciphertext) -> {
          try {
            return sealer.open(t, column, id, ciphertext);
          } catch (VaultException | IllegalStateException e) {
            log.warn("The provider is not told of the end of token {}: no key opens it", id, e);
            return null;
          }
        });
  }

  private boolean revoke(Tx tx, TokenKey key, Opening opening) {
    Optional<Found> found =
        Sql.first(
            tx.connection(),
            lock,
            row -> found(tx, row, opening),
            key.userId(),
            key.provider(),
            key.tenantOrBlank());
    if (found.isEmpty()) {
      return false;
    }
    Found grant = found.get();
    Sql.update(tx.connection(), revoke, grant.id());
    Sql.update(tx.connection(), forgetKept, grant.id());
    String hint = grant.refreshToken() != null ? "refresh_token" : "access_token";
    revocations.record(tx, grant.id(), grant.version(), grant.toTell(), hint);
    announcements.announce(
        tx, key, new TokenRevoked(grant.id(), key.userId(), key.provider(), grant.version() + 1));
    return true;
  }

  /** Decrypts only when there is somebody to tell: revoking must work even when the key is lost. */
  private static Found found(Tx tx, ResultSet row, Opening opening) throws SQLException {
    UUID id = Objects.requireNonNull(Sql.uuid(row, "id"));
    boolean tell = row.getBoolean("tell");
    return new Found(
        id,
        row.getLong("version"),
        tell ? opening.open(tx, "refresh_token", id, row.getBytes("refresh_token")) : null,
        tell ? opening.open(tx, "access_token", id, row.getBytes("access_token")) : null);
  }

  private interface Opening {
    @Nullable String open(Tx tx, String column, UUID row, byte @Nullable [] ciphertext);
  }

  private record Found(
      UUID id, long version, @Nullable String refreshToken, @Nullable String accessToken) {
    @Nullable String toTell() {
      return refreshToken != null ? refreshToken : accessToken;
    }

    @Override
    public String toString() {
      return "Found[" + id + "]";
    }
  }
}
