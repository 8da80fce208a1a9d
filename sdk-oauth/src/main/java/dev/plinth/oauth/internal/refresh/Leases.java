package dev.plinth.oauth.internal.refresh;

import dev.plinth.core.Plinth;
import dev.plinth.core.instance.Instance;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.ConnectionUnavailableException;
import dev.plinth.core.tx.Tx;
import dev.plinth.oauth.internal.Sealer;
import dev.plinth.oauth.internal.provider.Client;
import dev.plinth.oauth.internal.provider.ProviderRepository;
import dev.plinth.oauth.internal.refresh.Grant.Lease;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lease on a grant: taken together with the refresh intent, extended while the call is in
 * flight. Giving it back belongs to {@link Settlement}.
 */
final class Leases {
  private static final Logger log = LoggerFactory.getLogger(Leases.class);

  private final Plinth plinth;
  private final ProviderRepository providers;
  private final KeptAnswers keptAnswers;
  private final Settlement settlement;
  private final Outcomes outcomes;
  private final Sealer sealer;
  private final Duration length;
  private final String take;
  private final String unknownBefore;
  private final String endDead;
  private final String intend;
  private final String extend;

  Leases(
      Plinth plinth,
      ProviderRepository providers,
      KeptAnswers keptAnswers,
      Settlement settlement,
      Outcomes outcomes,
      Duration length) {
    this.plinth = plinth;
    this.providers = providers;
    this.keptAnswers = keptAnswers;
    this.settlement = settlement;
    this.outcomes = outcomes;
    this.sealer = new Sealer(plinth, "oauth2_tokens");
    this.length = length;
    // The fence that was read is demanded again, so that whatever anyone did since is noticed.
    this.take =
        render(
            """
            UPDATE {schema}.oauth2_tokens
            SET lease_owner = ?,
                lease_until = {now} + make_interval(secs => ?),
                lease_fence = lease_fence + 1,
                refresh_id = ?
            WHERE id = ?
              AND version = ?
              AND lease_fence = ?
              AND status = 'active'
              AND (lease_owner IS NULL OR lease_until <= {now})
            RETURNING lease_fence
            """);
    this.endDead =
        render(
            """
            UPDATE {schema}.oauth2_token_refreshes
            SET outcome = 'unknown',
                error_class = 'unknown',
                error = 'process_died',
                finished_at = {now}
            WHERE id = ? AND outcome = 'pending'
            """);
    this.unknownBefore =
        render(
            """
            SELECT r.id, r.attempt
            FROM {schema}.oauth2_token_refreshes r
            WHERE r.token_id = ?
              AND r.base_version = ?
              AND r.kind = 'refresh'
              AND r.outcome = 'unknown'
            ORDER BY r.attempt DESC
            LIMIT 1
            """);
    this.intend =
        render(
            """
            INSERT INTO {schema}.oauth2_token_refreshes
              (id, tenant_id, token_id, kind, base_version, attempt, retry_of, instance_id,
               started_at)
            VALUES (?, nullif(?, ''), ?, 'refresh', ?, ?, ?, ?, {now})
            RETURNING started_at
            """);
    this.extend =
        render(
            """
            UPDATE {schema}.oauth2_tokens
            SET lease_until = {now} + make_interval(secs => ?)
            WHERE id = ? AND lease_fence = ? AND lease_owner IS NOT NULL
            """);
  }

  /** How long a lease holds unless it is extended. */
  Duration length() {
    return length;
  }

  /**
   * True when the lease may be taken over: its time has passed, and the instance that took it is
   * dead, or is this one and has nobody left who works on it. The first alone says nothing, since a
   * living owner still writes what it gets.
   */
  boolean isAbandoned(Lease lease) {
    return lease.expired() && (isForgotten(lease) || isOwnerDead(lease));
  }

  private boolean isForgotten(Lease lease) {
    return plinth.isStarted()
        && plinth.instances().id().equals(lease.owner())
        && !outcomes.isUnderWay(lease.refreshId());
  }

  private boolean isOwnerDead(Lease lease) {
    return plinth
        .instances()
        .find(lease.owner())
        .map(owner -> owner.state() != Instance.State.ALIVE)
        .orElse(true);
  }

  /**
   * Takes the lease and writes the intent; committed when this returns. Empty when the grant
   * changed since it was read, or an answer was found that had been kept and is now the grant's:
   * read again.
   */
  Optional<Claim> take(Grant grant) {
    UUID refreshId = plinth.ids().next();
    UUID instance = plinth.instances().id();
    long before = System.nanoTime();
    outcomes.begin(refreshId);
    try {
      Optional<Claim> claim =
          plinth.transactSeparately(
              grant.key().txOptions(), tx -> take(tx, grant, refreshId, instance, before));
      if (claim.isEmpty()) {
        outcomes.end(refreshId);
      }
      return claim;
    } catch (RuntimeException e) {
      giveBack(grant, refreshId, e);
      throw e;
    } catch (Error e) {
      outcomes.end(refreshId);
      throw e;
    }
  }

  /** The claim may have been committed all the same, and nobody else would end its lease. */
  private void giveBack(Grant grant, UUID refreshId, RuntimeException reason) {
    if (reason instanceof ConnectionUnavailableException) {
      outcomes.end(refreshId);
      return;
    }
    try {
      outcomes.write(
          refreshId,
          () ->
              outcomes.inTransaction(
                  grant.key(),
                  tx -> settlement.notSent(tx, grant.id(), refreshId, grant.fence() + 1)));
    } catch (RuntimeException e) {
      reason.addSuppressed(e);
    }
  }

  private Optional<Claim> take(Tx tx, Grant grant, UUID refreshId, UUID instance, long before) {
    Optional<Long> fence =
        Sql.first(
            tx.connection(),
            take,
            row -> row.getLong(1),
            instance,
            length,
            refreshId,
            grant.id(),
            grant.version(),
            grant.fence());
    if (fence.isEmpty()) {
      return Optional.empty();
    }
    Lease dead = grant.lease();
    if (dead != null) {
      log.warn(
          "Taking over refresh {} of token {} from instance {}, which no longer works on it",
          dead.refreshId(),
          grant.id(),
          dead.owner());
      Sql.update(tx.connection(), endDead, dead.refreshId());
    }
    if (keptAnswers.adopt(tx, grant.key(), grant.id(), grant.version())) {
      return Optional.empty();
    }
    Map.Entry<Optional<UUID>, Integer> retry =
        Sql.first(
                tx.connection(),
                unknownBefore,
                row -> Map.entry(Optional.ofNullable(Sql.uuid(row, "id")), row.getInt("attempt")),
                grant.id(),
                grant.version())
            .orElse(Map.entry(Optional.empty(), 0));
    int attempt = retry.getValue() + 1;
    Instant startedAt =
        Sql.first(
                tx.connection(),
                intend,
                row -> Objects.requireNonNull(Sql.instant(row, "started_at")),
                refreshId,
                grant.key().tenantOrBlank(),
                grant.id(),
                grant.version(),
                attempt,
                retry.getKey().orElse(null),
                instance)
            .orElseThrow();
    // Proves before the call that the vault could encrypt the answer after it.
    sealer.seal(tx, "access_token", grant.id(), "");
    Client client = providers.get(tx, grant.providerId());
    Duration timeout = shorter(client.httpTimeout(), length.multipliedBy(3).dividedBy(4));
    return Optional.of(
        new Claim(
            grant.id(),
            grant.key(),
            refreshId,
            instance,
            grant.version(),
            fence.get(),
            attempt,
            startedAt,
            client,
            Objects.requireNonNull(grant.refreshToken()),
            timeout,
            before + length.minus(timeout).toNanos(),
            grant.failures()));
  }

  /** Extends the lease, if it is still this one. A failure costs nothing but the extension. */
  void extend(Claim claim) {
    try {
      plinth.transactSeparately(
          claim.key().txOptions(),
          tx -> Sql.update(tx.connection(), extend, length, claim.tokenId(), claim.fence()));
    } catch (RuntimeException e) {
      log.debug("The lease of {} could not be extended", claim, e);
    }
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private String render(String sql) {
    return plinth.schema().render(sql);
  }
}
