package dev.plinth.oauth.internal.refresh;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.oauth.TokenRefreshed;
import dev.plinth.oauth.internal.Announcements;
import dev.plinth.oauth.internal.Sealer;
import dev.plinth.oauth.internal.TokenKey;
import dev.plinth.oauth.internal.http.Answer.NewTokens;
import dev.plinth.oauth.internal.provider.ProviderRepository;
import dev.plinth.oauth.internal.store.KeptTokens;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers and the compare-and-set that makes one the grant's. An answer that loses it is kept,
 * encrypted, with its intent, and used when the winner's turns out to be worthless.
 */
final class KeptAnswers {
  private static final Logger log = LoggerFactory.getLogger(KeptAnswers.class);

  private final Announcements announcements;
  private final ProviderRepository providers;
  private final KeptTokens kept;
  private final Sealer sealer;
  private final String apply;
  private final String newest;
  private final String forgetOlder;
  private final String keep;
  private final String adopted;
  private final String provider;

  KeptAnswers(Plinth plinth, ProviderRepository providers, Announcements announcements) {
    this.announcements = announcements;
    this.providers = providers;
    this.kept = new KeptTokens(plinth);
    this.sealer = new Sealer(plinth, "oauth2_tokens");
    this.apply =
        plinth
            .schema()
            .render(
                """
                UPDATE {schema}.oauth2_tokens
                SET access_token = ?,
                    refresh_token = coalesce(?::bytea, refresh_token),
                    id_token = coalesce(?::bytea, id_token),
                    token_type = coalesce(?::text, token_type),
                    scopes = coalesce(?::text[], scopes),
                    issued_at = ?,
                    expires_at = ?::timestamptz + make_interval(secs => ?),
                    version = version + 1,
                    status = 'active',
                    status_reason = NULL,
                    lease_owner = NULL,
                    lease_until = NULL,
                    lease_fence = lease_fence + 1,
                    refresh_id = NULL,
                    failures = 0,
                    next_attempt_at = NULL,
                    last_error_class = NULL,
                    last_error = NULL
                WHERE id = ? AND version = ?
                """);
    this.newest =
        plinth
            .schema()
            .render(
                """
                SELECT r.id, r.kept_tokens, r.started_at, t.version
                FROM {schema}.oauth2_token_refreshes r
                JOIN {schema}.oauth2_tokens t ON t.id = r.token_id
                WHERE r.token_id = ?
                  AND r.kind = 'refresh'
                  AND r.kept_tokens IS NOT NULL
                  AND r.base_version >= ?
                  AND r.base_version >= t.granted_version
                ORDER BY r.base_version DESC, r.started_at DESC
                LIMIT 1
                """);
    this.forgetOlder =
        plinth
            .schema()
            .render(
                """
                UPDATE {schema}.oauth2_token_refreshes
                SET kept_tokens = NULL
                WHERE token_id = ?
                  AND kind = 'refresh'
                  AND kept_tokens IS NOT NULL
                  AND base_version < ?
                """);
    this.keep =
        plinth
            .schema()
            .render(
                """
                UPDATE {schema}.oauth2_token_refreshes
                SET kept_tokens = ?
                WHERE id = ? AND outcome = 'superseded'
                """);
    this.adopted =
        plinth
            .schema()
            .render(
                """
                UPDATE {schema}.oauth2_token_refreshes
                SET outcome = 'adopted',
                    kept_tokens = NULL,
                    finished_at = {now}
                WHERE id = ?
                """);
    this.provider =
        plinth.schema().render("SELECT t.provider_id FROM {schema}.oauth2_tokens t WHERE t.id = ?");
  }

  /**
   * Makes an answer the grant's if the grant still has the version whose refresh token was sent,
   * and announces it. Who holds the lease does not matter.
   */
  boolean apply(
      Tx tx, TokenKey key, UUID tokenId, long baseVersion, NewTokens answer, Instant startedAt) {
    Long seconds = answer.expiresInSeconds();
    Duration lifetime =
        seconds != null
            ? Duration.ofSeconds(seconds)
            : providers.get(tx, providerId(tx, tokenId)).defaultExpiry();
    int updated =
        Sql.update(
            tx.connection(),
            apply,
            sealer.seal(tx, "access_token", tokenId, answer.accessToken()),
            sealer.seal(tx, "refresh_token", tokenId, answer.refreshToken()),
            sealer.seal(tx, "id_token", tokenId, answer.idToken()),
            answer.tokenType(),
            answer.scopes() == null ? null : answer.scopes().toArray(new String[0]),
            startedAt,
            startedAt,
            lifetime,
            tokenId,
            baseVersion);
    if (updated == 0) {
      return false;
    }
    Sql.update(tx.connection(), forgetOlder, tokenId, baseVersion);
    announcements.announceOutcome(
        tx, key, new TokenRefreshed(tokenId, key.userId(), key.provider(), baseVersion + 1));
    return true;
  }

  /** Keeps an answer with its intent, which was superseded and not adopted since. */
  void keep(Tx tx, UUID refreshId, NewTokens answer) {
    Sql.update(tx.connection(), keep, kept.seal(tx, refreshId, answer), refreshId);
  }

  /**
   * Makes the newest kept answer to this version or a later one the grant's, if there is one. The
   * grant's row must be locked.
   */
  boolean adopt(Tx tx, TokenKey key, UUID tokenId, long fromVersion) {
    Optional<Kept> found =
        Sql.first(
            tx.connection(),
            newest,
            row ->
                new Kept(
                    Objects.requireNonNull(Sql.uuid(row, "id")),
                    row.getBytes("kept_tokens"),
                    Objects.requireNonNull(Sql.instant(row, "started_at")),
                    row.getLong("version")),
            tokenId,
            fromVersion);
    if (found.isEmpty()) {
      return false;
    }
    Kept answer = found.get();
    NewTokens tokens = kept.answer(tx, answer.refreshId(), answer.sealed());
    Sql.update(tx.connection(), adopted, answer.refreshId());
    log.info("Using the answer to refresh {}, which had come late", answer.refreshId());
    return apply(tx, key, tokenId, answer.version(), tokens, answer.startedAt());
  }

  private UUID providerId(Tx tx, UUID tokenId) {
    return Sql.first(
            tx.connection(),
            provider,
            row -> Objects.requireNonNull(Sql.uuid(row, "provider_id")),
            tokenId)
        .orElseThrow();
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Kept(UUID refreshId, byte[] sealed, Instant startedAt, long version) {}
}
