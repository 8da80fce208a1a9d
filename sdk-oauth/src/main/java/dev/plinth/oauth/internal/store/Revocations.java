package dev.plinth.oauth.internal.store;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.oauth.ErrorClass;
import dev.plinth.oauth.internal.http.Answer;
import dev.plinth.oauth.internal.http.Answer.Failed;
import dev.plinth.oauth.internal.http.ProviderCalls;
import dev.plinth.oauth.internal.provider.Client;
import dev.plinth.oauth.internal.provider.ProviderRepository;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells providers to forget tokens (RFC 7009), at least once. What is to be told is a pending row,
 * written in the transaction that revoked, so that a crash between the two loses nothing; telling
 * twice does no harm. A provider that does not take it is told again after half a minute, and after
 * twice as long each time, up to four hours. "At least once" ends when it refuses the token itself,
 * or after three days and at least {@value #MIN_ATTEMPTS} attempts: the row is then failed and its
 * token deleted.
 */
public final class Revocations {
  private static final Logger log = LoggerFactory.getLogger(Revocations.class);
  private static final int MIN_ATTEMPTS = 12;
  private static final Duration GIVEN_UP_AFTER = Duration.ofDays(3);
  private static final int SWEEP = 100;

  private final Plinth plinth;
  private final ProviderRepository providers;
  private final ProviderCalls calls;
  private final KeptTokens kept;
  private final String insert;
  private final String pending;
  private final String claimDue;
  private final String giveUp;
  private final String again;
  private final String finish;

  /** For one Plinth. */
  public Revocations(Plinth plinth, ProviderRepository providers, ProviderCalls calls) {
    this.plinth = plinth;
    this.providers = providers;
    this.calls = calls;
    this.kept = new KeptTokens(plinth);
    this.insert =
        render(
            """
            INSERT INTO {schema}.oauth2_token_refreshes
              (id, tenant_id, token_id, kind, base_version, instance_id, outcome, kept_tokens,
               started_at, next_attempt_at, finished_at)
            SELECT ?, t.tenant_id, t.id, 'revocation', ?, ?, ?, ?::bytea,
                   {now}, {now} + interval '30 seconds', CASE WHEN ?::boolean THEN {now} END
            FROM {schema}.oauth2_tokens t
            WHERE t.id = ?
            """);
    this.pending =
        render(
            """
            SELECT r.kept_tokens, t.provider_id
            FROM {schema}.oauth2_token_refreshes r
            JOIN {schema}.oauth2_tokens t ON t.id = r.token_id
            WHERE r.id = ? AND r.kind = 'revocation' AND r.outcome = 'pending'
            """);
    // Moves on before the call, so that a row whose call throws or hangs does not starve others.
    this.claimDue =
        render(
            """
            UPDATE {schema}.oauth2_token_refreshes
            SET attempt = attempt + 1,
                next_attempt_at =
                  {now} + least(interval '4 hours', interval '30 seconds' * (1 << least(attempt, 10)))
            WHERE id IN (
              SELECT r.id
              FROM {schema}.oauth2_token_refreshes r
              WHERE r.kind = 'revocation'
                AND r.outcome = 'pending'
                AND r.next_attempt_at <= {now}
              ORDER BY r.next_attempt_at
              LIMIT ?
              FOR UPDATE SKIP LOCKED)
            RETURNING id
            """);
    this.giveUp =
        render(
            """
            UPDATE {schema}.oauth2_token_refreshes
            SET outcome = 'failed',
                error_class = coalesce(error_class, 'unknown'),
                error = coalesce(error, 'never_told'),
                kept_tokens = NULL,
                finished_at = {now}
            WHERE kind = 'revocation'
              AND outcome = 'pending'
              AND next_attempt_at <= {now}
              AND attempt >= ?
              AND started_at <= {now} - make_interval(secs => ?)
            RETURNING id
            """);
    this.again =
        render(
            """
            UPDATE {schema}.oauth2_token_refreshes
            SET error_class = ?,
                error = ?,
                http_status = ?
            WHERE id = ? AND outcome = 'pending'
            """);
    this.finish =
        render(
            """
            UPDATE {schema}.oauth2_token_refreshes
            SET outcome = ?,
                error_class = ?,
                error = ?,
                http_status = ?,
                kept_tokens = NULL,
                finished_at = {now}
            WHERE id = ? AND outcome = 'pending'
            """);
  }

  /**
   * Records a revocation and tells the provider once the transaction has committed, if there is
   * anything to tell.
   *
   * @param token what the provider is to forget, or null
   */
  public void record(Tx tx, UUID tokenId, long baseVersion, @Nullable String token, String hint) {
    UUID id = plinth.ids().next();
    Sql.update(
        tx.connection(),
        insert,
        id,
        baseVersion,
        plinth.isStarted() ? plinth.instances().id() : null,
        token == null ? "succeeded" : "pending",
        token == null ? null : kept.sealForRevocation(tx, id, token, hint),
        token == null,
        tokenId);
    if (token != null) {
      tx.afterCommit(() -> tellSoon(id));
    }
  }

  /** Tells what is due again, and gives up what was told for long enough. */
  public void sweep() {
    for (UUID id : ids(giveUp, MIN_ATTEMPTS, GIVEN_UP_AFTER)) {
      log.warn("Revocation {} is given up: the provider did not take it for days", id);
    }
    List<UUID> ids = ids(claimDue, SWEEP);
    for (UUID id : ids) {
      if (Thread.currentThread().isInterrupted()) {
        return;
      }
      tell(id);
    }
  }

  private List<UUID> ids(String sql, Object... arguments) {
    return plinth.transactSeparately(
        TxOptions.defaults().withAllTenants(),
        tx ->
            Sql.query(
                tx.connection(),
                sql,
                row -> Objects.requireNonNull(Sql.uuid(row, "id")),
                arguments));
  }

  private void tellSoon(UUID id) {
    if (!plinth.isStarted()) {
      tell(id);
      return;
    }
    try {
      plinth.executor().execute(() -> tell(id));
    } catch (RejectedExecutionException e) {
      log.debug("Revocation {} is left to the sweep, since Plinth is closing", id, e);
    }
  }

  /** In transactions of its own, so that none is held while the provider thinks. */
  private void tell(UUID id) {
    try {
      Optional<Call> call =
          plinth.transactSeparately(
              TxOptions.defaults().withAllTenants(),
              tx -> Sql.first(tx.connection(), pending, row -> call(tx, id, row), id));
      if (call.isPresent()) {
        Answer answer = call.get().send(calls);
        plinth.transactSeparately(
            TxOptions.defaults().withAllTenants(),
            tx -> {
              settle(tx, id, answer);
              return Boolean.TRUE;
            });
      }
    } catch (RuntimeException e) {
      log.warn("The provider could not be told of revocation {}; the sweep will try again", id, e);
    }
  }

  private Call call(Tx tx, UUID id, java.sql.ResultSet row) throws java.sql.SQLException {
    Client client = providers.get(tx, Objects.requireNonNull(Sql.uuid(row, "provider_id")));
    Map.Entry<String, String> token = kept.revocation(tx, id, row.getBytes("kept_tokens"));
    return new Call(client, token.getKey(), token.getValue());
  }

  private void settle(Tx tx, UUID id, Answer answer) {
    if (!(answer instanceof Failed failed)) {
      Sql.update(tx.connection(), finish, "succeeded", null, null, null, id);
      return;
    }
    if (failed.errorClass() != ErrorClass.TERMINAL) {
      Sql.update(
          tx.connection(), again, failed.errorClass(), failed.error(), failed.httpStatus(), id);
      log.debug("Revocation {} was not taken ({}); it is told again", id, failed.error());
    } else {
      Sql.update(
          tx.connection(),
          finish,
          "failed",
          failed.errorClass(),
          failed.error(),
          failed.httpStatus(),
          id);
      log.warn("The provider refused revocation {}: {}", id, failed.error());
    }
  }

  private String render(String sql) {
    return plinth.schema().render(sql);
  }

  private record Call(Client client, String token, String hint) {
    Answer send(ProviderCalls calls) {
      URI endpoint = client.revocationEndpoint();
      return endpoint == null
          ? new Answer.Done()
          : calls.revoke(client, endpoint, token, hint).join();
    }

    @Override
    public String toString() {
      return "Call[" + client + "]";
    }
  }
}
