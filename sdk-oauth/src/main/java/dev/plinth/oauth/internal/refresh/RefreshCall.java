package dev.plinth.oauth.internal.refresh;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.tx.TransactionAbortedException;
import dev.plinth.oauth.ErrorClass;
import dev.plinth.oauth.internal.SubscriberException;
import dev.plinth.oauth.internal.http.Answer;
import dev.plinth.oauth.internal.http.ProviderCalls;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One claimed refresh from the call to the last row: sends with no connection held, extends the
 * lease while it waits, and writes what came. Interrupting the thread does not stop it, since the
 * answer may be the only good token left; the interrupt is delivered afterwards.
 */
final class RefreshCall {
  private static final Logger log = LoggerFactory.getLogger(RefreshCall.class);

  private final Plinth plinth;
  private final ProviderCalls calls;
  private final Leases leases;
  private final Settlement settlement;
  private final Outcomes outcomes;

  RefreshCall(
      Plinth plinth, ProviderCalls calls, Leases leases, Settlement settlement, Outcomes outcomes) {
    this.plinth = plinth;
    this.calls = calls;
    this.leases = leases;
    this.settlement = settlement;
    this.outcomes = outcomes;
  }

  /** Does it all; returns when the outcome is written. */
  void perform(Claim claim) {
    boolean interrupted = Thread.interrupted();
    try {
      if (System.nanoTime() - claim.sendBeforeNanos() > 0
          || !plinth.instances().isAlive(claim.instance())) {
        log.info("{} was not sent, since its lease would have ended before the answer", claim);
        outcomes.write(
            claim.refreshId(),
            () ->
                outcomes.inTransaction(
                    claim.key(),
                    tx ->
                        settlement.notSent(tx, claim.tokenId(), claim.refreshId(), claim.fence())));
        return;
      }
      Answer answer = new Answer.Failed(ErrorClass.UNKNOWN, "call_broken_off", null, null);
      try {
        CompletableFuture<Answer> call =
            calls.refresh(claim.client(), claim.refreshToken(), claim.timeout());
        while (!call.isDone()) {
          try {
            call.get(leases.length().toMillis() / 3, TimeUnit.MILLISECONDS);
          } catch (TimeoutException e) {
            leases.extend(claim);
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
        answer = call.get();
      } catch (ExecutionException | InterruptedException e) {
        throw new IllegalStateException("A finished call cannot fail or be interrupted", e);
      } finally {
        // Also when something unforeseen was thrown: the lease must not outlive this method.
        settle(claim, answer);
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Tries until the outcome is written; what a subscriber threw is thrown afterwards. */
  private void settle(Claim claim, Answer answer) {
    AtomicReference<RuntimeException> thrown = new AtomicReference<>();
    outcomes.write(
        claim.refreshId(),
        () -> {
          try {
            outcomes.inTransaction(claim.key(), tx -> settlement.write(tx, claim, answer));
          } catch (RuntimeException e) {
            if (!isSubscribersFault(e)) {
              throw e;
            }
            log.warn("A subscriber to the outcome of {} failed: it is set aside", claim, e);
            outcomes.inTransaction(claim.key(), tx -> settlement.setAside(tx, claim, answer));
            thrown.set(e);
          }
        });
    RuntimeException failure = thrown.get();
    if (failure != null) {
      throw failure;
    }
  }

  /** A subscriber threw, or swallowed a failure of its own; but a lost connection is nobody's. */
  private static boolean isSubscribersFault(RuntimeException e) {
    return e instanceof TransactionAbortedException
        || (e instanceof SubscriberException subscriber
            && !SqlStates.isConnectionLoss(subscriber)
            && !SqlStates.isRetryable(subscriber));
  }
}
