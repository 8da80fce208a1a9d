package dev.plinth.oauth.internal.refresh;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.oauth.ConsentNeeded;
import dev.plinth.oauth.ErrorClass;
import dev.plinth.oauth.internal.Announcements;
import dev.plinth.oauth.internal.TokenKey;
import dev.plinth.oauth.internal.http.Answer;
import dev.plinth.oauth.internal.http.Answer.Failed;
import dev.plinth.oauth.internal.http.Answer.NewTokens;
import dev.plinth.oauth.internal.provider.ProviderRepository;
import dev.plinth.oauth.internal.store.Revocations;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what a call brought, in one transaction: new tokens by compare-and-set on the version
 * alone, the intent's outcome, the end of the lease, and the events. Locks the grant before the
 * intent, as everyone does.
 */
final class Settlement {
  private static final Logger log = LoggerFactory.getLogger(Settlement.class);
  private static final Duration BREAKER = Duration.ofSeconds(60);
  private static final long MAX_PAUSE_MILLIS = 60_000;

  private final ProviderRepository providers;
  private final KeptAnswers keptAnswers;
  private final Revocations revocations;
  private final Announcements announcements;
  private final String lock;
  private final String outcome;
  private final String finish;
  private final String release;
  private final String pause;
  private final String condemn;
  private final String exhaust;

  Settlement(
      Plinth plinth,
      ProviderRepository providers,
      KeptAnswers keptAnswers,
      Revocations revocations,
      Announcements announcements) {
    this.providers = providers;
    this.keptAnswers = keptAnswers;
    this.revocations = revocations;
    this.announcements = announcements;
    this.lock =
        plinth
            .schema()
            .render(
                """
                SELECT t.version, t.granted_version, t.status
                FROM {schema}.oauth2_tokens t
                WHERE t.id = ?
                FOR NO KEY UPDATE
                """);
    // A statement of its own: joined to the lock, it would show what was there before the wait.
    this.outcome =
        plinth
            .schema()
            .render("SELECT r.outcome FROM {schema}.oauth2_token_refreshes r WHERE r.id = ?");
    this.finish =
        plinth
            .schema()
            .render(
                """
                UPDATE {schema}.oauth2_token_refreshes
                SET outcome = ?,
                    error_class = ?,
                    error = ?,
                    http_status = ?,
                    finished_at = {now}
                WHERE id = ? AND outcome IN ('pending', 'unknown')
                """);
    this.release =
        plinth
            .schema()
            .render(
                """
                UPDATE {schema}.oauth2_tokens
                SET lease_owner = NULL,
                    lease_until = NULL,
                    refresh_id = NULL
                WHERE id = ? AND lease_fence = ? AND lease_owner IS NOT NULL
                """);
    this.pause =
        plinth
            .schema()
            .render(
                """
                UPDATE {schema}.oauth2_tokens
                SET failures = failures + 1,
                    next_attempt_at = {now} + make_interval(secs => ?),
                    last_error_class = ?,
                    last_error = ?
                WHERE id = ? AND version = ?
                """);
    this.condemn =
        plinth
            .schema()
            .render(
                """
                UPDATE {schema}.oauth2_tokens
                SET status = 'needs_consent',
                    status_reason = 'rejected',
                    last_error_class = 'terminal',
                    last_error = ?
                WHERE id = ? AND version = ? AND status = 'active'
                """);
    this.exhaust =
        plinth
            .schema()
            .render(
                """
                UPDATE {schema}.oauth2_tokens
                SET status = 'needs_consent',
                    status_reason = 'no_refresh_token'
                WHERE id = ? AND version = ? AND status = 'active' AND expires_at <= {now}
                """);
  }

  /** Writes the outcome of a call. Does nothing the second time, or when the grant is gone. */
  void write(Tx tx, Claim claim, Answer answer) {
    Optional<Locked> locked = lock(tx, claim.tokenId(), claim.refreshId());
    if (locked.isEmpty()) {
      return;
    }
    if (answer instanceof NewTokens tokens) {
      received(tx, claim, locked.get(), tokens);
    } else if (answer instanceof Failed failed) {
      failed(tx, claim, locked.get(), failed);
    } else {
      throw new IllegalStateException("A refresh cannot end without tokens or a failure");
    }
    announcements.hint(tx, claim.key());
  }

  /**
   * What is done when a subscriber made {@link #write} fail: an answer is kept with its intent for
   * the next caller, or revoked if the grant was, the lease ends, and nobody is told.
   */
  void setAside(Tx tx, Claim claim, Answer answer) {
    Optional<Locked> locked = lock(tx, claim.tokenId(), claim.refreshId());
    if (locked.isEmpty()) {
      return;
    }
    release(tx, claim.tokenId(), claim.fence());
    if (answer instanceof NewTokens tokens) {
      finish(tx, claim.refreshId(), "superseded", null);
      superseded(tx, claim, locked.get(), tokens);
    } else if (answer instanceof Failed failed) {
      boolean unknown = failed.errorClass() == ErrorClass.UNKNOWN;
      finish(tx, claim.refreshId(), unknown ? "unknown" : "failed", failed);
      pause(tx, claim, failed);
    }
  }

  /** Ends a claim whose call was never sent; does nothing when it was never committed. */
  void notSent(Tx tx, UUID tokenId, UUID refreshId, long fence) {
    if (lock(tx, tokenId, refreshId).isPresent()) {
      finish(tx, refreshId, "not_sent", null);
      release(tx, tokenId, fence);
    }
  }

  /** Ends an expired grant that nothing can renew. */
  void exhausted(Tx tx, Grant grant) {
    if (Sql.update(tx.connection(), exhaust, grant.id(), grant.version()) == 1) {
      needsConsent(tx, grant.key(), grant.id(), grant.version());
    }
  }

  private void received(Tx tx, Claim claim, Locked grant, NewTokens tokens) {
    boolean applied =
        keptAnswers.apply(
            tx, claim.key(), claim.tokenId(), claim.baseVersion(), tokens, claim.startedAt());
    finish(tx, claim.refreshId(), applied ? "succeeded" : "superseded", null);
    if (applied) {
      return;
    }
    release(tx, claim.tokenId(), claim.fence());
    superseded(tx, claim, grant, tokens);
  }

  private void superseded(Tx tx, Claim claim, Locked grant, NewTokens tokens) {
    if (claim.baseVersion() >= grant.grantedVersion()) {
      keptAnswers.keep(tx, claim.refreshId(), tokens);
    } else if (grant.revoked() && claim.client().revocationEndpoint() != null) {
      // Revoked while the call was under way: what it brought must be revoked too.
      String refreshToken = tokens.refreshToken();
      revocations.record(
          tx,
          claim.tokenId(),
          claim.baseVersion(),
          refreshToken != null ? refreshToken : tokens.accessToken(),
          refreshToken != null ? "refresh_token" : "access_token");
    }
  }

  private void failed(Tx tx, Claim claim, Locked grant, Failed failed) {
    release(tx, claim.tokenId(), claim.fence());
    switch (failed.errorClass()) {
      case TERMINAL -> refused(tx, claim, grant, failed);
      case CONFIGURATION -> {
        finish(tx, claim.refreshId(), "failed", failed);
        pause(tx, claim, failed);
        misconfigured(tx, claim, failed);
      }
      case TRANSIENT -> {
        finish(tx, claim.refreshId(), "failed", failed);
        pause(tx, claim, failed);
      }
      case UNKNOWN -> {
        finish(tx, claim.refreshId(), "unknown", failed);
        log.warn("Nobody knows whether {} was received ({})", claim, failed.error());
        // The first time the old token is sent again at once, while the issuer may still take it.
        if (claim.attempt() > 1) {
          pause(tx, claim, failed);
        }
      }
    }
  }

  private void misconfigured(Tx tx, Claim claim, Failed failed) {
    if (failed.concernsEveryGrant()) {
      providers.openBreaker(tx, claim.client().id(), BREAKER, failed.error());
      log.warn(
          "Provider {} refuses the client ({}): no refresh is sent there for {}; correct its"
              + " settings with tokens.providers().save(…)",
          claim.client().provider(),
          failed.error(),
          BREAKER);
    } else {
      log.warn(
          "Provider {} refuses {} ({}): only this grant waits, since others may be well",
          claim.client().provider(),
          claim,
          failed.error());
    }
  }

  private void refused(Tx tx, Claim claim, Locked grant, Failed failed) {
    if (grant.version() != claim.baseVersion()) {
      finish(tx, claim.refreshId(), "superseded", failed);
    } else if (keptAnswers.adopt(tx, claim.key(), claim.tokenId(), 0)) {
      finish(tx, claim.refreshId(), "failed", failed);
    } else {
      finish(tx, claim.refreshId(), "needs_consent", failed);
      int condemned =
          Sql.update(
              tx.connection(), condemn, failed.error(), claim.tokenId(), claim.baseVersion());
      if (condemned == 1) {
        log.info(
            "The provider refuses {} ({}): the user must consent again", claim, failed.error());
        needsConsent(tx, claim.key(), claim.tokenId(), claim.baseVersion());
      }
    }
  }

  private void needsConsent(Tx tx, TokenKey key, UUID tokenId, long version) {
    announcements.announceOutcome(
        tx, key, new ConsentNeeded(tokenId, key.userId(), key.provider(), version));
  }

  private void pause(Tx tx, Claim claim, Failed failed) {
    long bound = Math.min(MAX_PAUSE_MILLIS, 1000L << Math.min(claim.failures(), 10));
    long jittered = bound / 2 + ThreadLocalRandom.current().nextLong(bound / 2 + 1);
    Duration asked = failed.retryAfter();
    long millis = asked == null ? jittered : asked.toMillis() + jittered / 4;
    Sql.update(
        tx.connection(),
        pause,
        Duration.ofMillis(millis),
        failed.errorClass(),
        failed.error(),
        claim.tokenId(),
        claim.baseVersion());
  }

  private void release(Tx tx, UUID tokenId, long fence) {
    Sql.update(tx.connection(), release, tokenId, fence);
  }

  private void finish(Tx tx, UUID refreshId, String outcome, @Nullable Failed failed) {
    Sql.update(
        tx.connection(),
        finish,
        outcome,
        failed == null ? null : failed.errorClass(),
        failed == null ? null : failed.error(),
        failed == null ? null : failed.httpStatus(),
        refreshId);
  }

  /** Locks the grant; empty when the outcome is written already, or there is no such intent. */
  private Optional<Locked> lock(Tx tx, UUID tokenId, UUID refreshId) {
    Optional<Locked> locked =
        Sql.first(
            tx.connection(),
            lock,
            row ->
                new Locked(
                    row.getLong("version"),
                    row.getLong("granted_version"),
                    row.getString("status").equals("revoked")),
            tokenId);
    Optional<String> written =
        Sql.first(tx.connection(), outcome, row -> row.getString("outcome"), refreshId);
    return written.filter(now -> now.equals("pending") || now.equals("unknown")).isPresent()
        ? locked
        : Optional.empty();
  }

  private record Locked(long version, long grantedVersion, boolean revoked) {}
}
