package dev.plinth.oauth.internal.refresh;

import dev.plinth.core.Plinth;
import dev.plinth.oauth.ErrorClass;
import dev.plinth.oauth.Fresh;
import dev.plinth.oauth.Freshness;
import dev.plinth.oauth.NeedsConsent;
import dev.plinth.oauth.StoredToken;
import dev.plinth.oauth.TokenRefreshException;
import dev.plinth.oauth.internal.Announcements;
import dev.plinth.oauth.internal.SubscriberException;
import dev.plinth.oauth.internal.TokenKey;
import dev.plinth.oauth.internal.http.ProviderCalls;
import dev.plinth.oauth.internal.provider.ProviderRepository;
import dev.plinth.oauth.internal.refresh.Grant.Lease;
import dev.plinth.oauth.internal.refresh.Grant.Pause;
import dev.plinth.oauth.internal.store.Revocations;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds a usable token: in memory, in the database, or by one refresh in the whole cluster. After
 * every step it reads the grant again and decides anew, so that it does not matter whose step it
 * was. Safe for use by many threads.
 */
public final class Refresher {
  private final Plinth plinth;
  private final Duration patience;
  private final TokenMemory memory;
  private final SingleFlight flights = new SingleFlight();
  private final Waiters waiters = new Waiters();
  private final ReadGrant read;
  private final Leases leases;
  private final Settlement settlement;
  private final RefreshCall call;

  /**
   * Puts the parts together.
   *
   * @param lease how long a refresh lease holds unless it is extended
   * @param patience how long a caller waits for somebody else's refresh
   */
  public Refresher(
      Plinth plinth,
      ProviderRepository providers,
      ProviderCalls calls,
      Revocations revocations,
      Announcements announcements,
      TokenMemory memory,
      Duration lease,
      Duration patience) {
    this.plinth = plinth;
    this.patience = patience;
    this.memory = memory;
    this.read = new ReadGrant(plinth);
    KeptAnswers keptAnswers = new KeptAnswers(plinth, providers, announcements);
    Outcomes outcomes = new Outcomes(plinth);
    this.settlement = new Settlement(plinth, providers, keptAnswers, revocations, announcements);
    this.leases = new Leases(plinth, providers, keptAnswers, settlement, outcomes, lease);
    this.call = new RefreshCall(plinth, calls, leases, settlement, outcomes);
  }

  /** A usable token, or who must be asked for one. */
  public Freshness fresh(TokenKey key) {
    Fresh held = memory.get(key);
    if (held != null) {
      return held;
    }
    try {
      return flights
          .join(key, patience, search(key))
          .orElseThrow(() -> busy(key, "another caller in this process is still refreshing it"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw busy(key, "the calling thread was interrupted while it waited");
    }
  }

  /** A grant has changed: what is held of it is stale, and who waits for it should look. */
  public void changed(TokenKey key) {
    memory.forget(key);
    flights.forget(key);
    waiters.wake(key);
  }

  /** Waits for the calls under way. */
  public void drain() {
    try {
      flights.drain(patience);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Supplier<Freshness> search(TokenKey key) {
    return () -> {
      try {
        return find(key);
      } catch (SubscriberException e) {
        throw e.thrown();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw busy(key, "the calling thread was interrupted while it waited");
      }
    };
  }

  private Freshness find(TokenKey key) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    long firstVersion = Long.MAX_VALUE;
    for (int round = 0; ; round++) {
      long epoch = memory.epoch();
      Optional<Grant> found = read.read(key);
      if (found.isEmpty()) {
        return consent(key, NeedsConsent.Reason.NEVER_GRANTED);
      }
      Grant grant = found.get();
      firstVersion = Math.min(firstVersion, grant.version());
      Freshness usable = usable(grant, firstVersion);
      if (usable != null) {
        if (usable instanceof Fresh fresh && grant.isFresh()) {
          memory.put(epoch, key, fresh, grant.freshFor());
        }
        return usable;
      }
      long left = end - System.nanoTime();
      if (left <= 0) {
        throw busy(key, "another node holds its lease");
      }
      Lease lease = grant.lease();
      if (lease != null && !leases.isAbandoned(lease)) {
        waiters.await(key, round, Duration.ofNanos(left));
      } else {
        refresh(grant);
      }
    }
  }

  /** What the grant gives as it stands; null when it must be refreshed or waited for. */
  private @Nullable Freshness usable(Grant grant, long firstVersion) {
    TokenKey key = grant.key();
    if (grant.status() != StoredToken.Status.ACTIVE) {
      return consent(key, reason(grant));
    }
    // A version newer than the one we came with was refreshed a moment ago, by us or by another:
    // it is the answer, however short its life.
    if (grant.isFresh() || grant.version() > firstVersion) {
      return grant.toFresh();
    }
    if (grant.refreshToken() == null) {
      if (grant.remaining().isNegative() || grant.remaining().isZero()) {
        exhausted(grant);
        return consent(key, NeedsConsent.Reason.NO_REFRESH_TOKEN);
      }
      return grant.toFresh();
    }
    Pause pause = grant.pause();
    if (pause != null || grant.lease() != null) {
      if (grant.isAlive()) {
        return grant.toFresh();
      }
      if (pause != null) {
        throw failed(key, pause.errorClass(), pause.error(), pause.until());
      }
    }
    return null;
  }

  private void refresh(Grant grant) {
    if (!plinth.isStarted()) {
      throw new IllegalStateException(
          "The token must be refreshed, and a refresh needs a running instance to answer for it:"
              + " call plinth.start() first");
    }
    leases.take(grant).ifPresent(call::perform);
  }

  private void exhausted(Grant grant) {
    plinth.transactSeparately(
        grant.key().txOptions(),
        tx -> {
          settlement.exhausted(tx, grant);
          return Boolean.TRUE;
        });
  }

  private static NeedsConsent consent(TokenKey key, NeedsConsent.Reason reason) {
    return new NeedsConsent(key.userId(), key.provider(), reason);
  }

  private static NeedsConsent.Reason reason(Grant grant) {
    String reason = grant.statusReason();
    return reason == null
        ? NeedsConsent.Reason.REJECTED
        : NeedsConsent.Reason.valueOf(reason.toUpperCase(Locale.ROOT));
  }

  private static TokenRefreshException busy(TokenKey key, String why) {
    return new TokenRefreshException(
        key.userId(), key.provider(), ErrorClass.TRANSIENT, "busy", null, why + "; try again");
  }

  private static TokenRefreshException failed(
      TokenKey key, ErrorClass errorClass, String error, Instant retryAt) {
    String whatToDo =
        errorClass == ErrorClass.CONFIGURATION
            ? "correct the provider's settings and save them; until then it is tried again after "
            : "nothing is lost; the next attempt is made after ";
    return new TokenRefreshException(
        key.userId(), key.provider(), errorClass, error, retryAt, whatToDo + retryAt);
  }
}
