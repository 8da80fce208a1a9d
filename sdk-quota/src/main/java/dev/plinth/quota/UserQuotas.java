package dev.plinth.quota;

import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.tx.Tx;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The limits of users: charged, released, changed and looked at, in one transactional form. {@link
 * Quotas} itself works in the thread's current transaction or a short one of its own for each call;
 * {@link Quotas#in(Tx)} gives the form that works in a transaction at hand.
 *
 * <p>All calls block on the database and are safe for use by many threads, except that what {@code
 * in(tx)} returned belongs to its transaction. In a transaction with a tenant only that tenant's
 * users are known, without one those of no tenant.
 *
 * <p>Whatever can be refused is refused before any SQL, with an {@link IllegalArgumentException}: a
 * limit that the catalogue does not have, an amount that is not positive.
 */
public interface UserQuotas {
  /**
   * Charges whole units of one limit; see {@link #charge(UUID, Charge)}.
   *
   * @throws UnknownUserException when there is no such user
   */
  default Decision charge(UUID userId, String limit, long amount) {
    return charge(userId, Charge.of(limit, amount));
  }

  /**
   * Charges all the amounts, if every limit allows its own, or none. Exact: whatever the number of
   * threads, processes and machines, and whenever any of them is killed, what is used never exceeds
   * the cap by a charge.
   *
   * <p>One statement and one round trip, except for the first charge of a limit by a user, which
   * takes three. The rows of the limits named stay locked until the transaction ends, also after a
   * denial: charge late in a long transaction. A rollback gives everything back.
   *
   * <p>A denial is recorded in {@code quota_violations} in the same transaction and announced as
   * {@link QuotaViolated}. It aborts nothing; the host may commit.
   *
   * <p>Charges never deadlock among each other unless one transaction makes several: that one
   * should make them in the same order everywhere, or as one {@link Charge}. In a joined
   * transaction at REPEATABLE READ or above, a concurrent charge of the same limit and user fails
   * this one with SQLState 40001, and the host repeats its transaction.
   *
   * @throws UnknownUserException when there is no such user
   */
  Decision charge(UUID userId, Charge charge);

  /**
   * As {@link #charge(UUID, Charge)}, for callers who want to be stopped.
   *
   * <p>Standalone, the violation is durable when this throws. Inside a transaction it goes with
   * that transaction: where the exception rolls it back, the host may hand the denial to {@link
   * #record} afterwards.
   *
   * @throws QuotaExceededException when it is denied; nothing was charged
   * @throws UnknownUserException when there is no such user
   */
  default Decision.Charged chargeOrThrow(UUID userId, Charge charge) {
    Decision decision = charge(userId, charge);
    if (decision instanceof Decision.Charged charged) {
      return charged;
    }
    throw new QuotaExceededException((Decision.Denied) decision);
  }

  /** As {@link #chargeOrThrow(UUID, Charge)}, for whole units of one limit. */
  default Decision.Charged chargeOrThrow(UUID userId, String limit, long amount) {
    return chargeOrThrow(userId, Charge.of(limit, amount));
  }

  /** Gives back whole units of one gauge; see {@link #release(UUID, Charge)}. */
  default List<Released> release(UUID userId, String limit, long amount) {
    return release(userId, Charge.of(limit, amount));
  }

  /**
   * Gives back what gauges were charged, in one statement. A gauge stops at zero: bookkeeping that
   * is off by a file must not keep a user from deleting it, and the result tells what was really
   * given back. A user who was never charged has nothing to give back.
   *
   * @return one entry per limit, in the order of their names
   * @throws IllegalArgumentException when one of the limits is no gauge: a request once made stays
   *     made
   */
  List<Released> release(UUID userId, Charge amounts);

  /**
   * Writes a denial to {@code quota_violations} whose own record was rolled back with the
   * transaction that it was made in. Adds one to the count; announces nothing. Call it once, and
   * outside that transaction.
   *
   * @throws UnknownUserException when the user is gone
   */
  void record(Decision.Denied denied);

  /** Gives a user a cap in whole units; see {@link #setCap(UUID, String, BigDecimal)}. */
  default void setCap(UUID userId, String limit, long cap) {
    setCap(userId, limit, BigDecimal.valueOf(cap));
  }

  /**
   * Gives a user a cap of their own in place of the catalogue's. Holds from the next charge on,
   * also for what is used already: a cap below it denies until enough was released or the window
   * has ended. Every cap set is kept as a version in {@code quota_overrides}.
   *
   * @param cap in the limit's unit; zero forbids
   * @throws UnknownUserException when there is no such user
   */
  void setCap(UUID userId, String limit, BigDecimal cap);

  /**
   * Takes a user's own cap away, so that the catalogue's holds again.
   *
   * @return whether there was one
   */
  boolean clearCap(UUID userId, String limit);

  /**
   * How a user stands with every limit of the catalogue, in the order of their names.
   *
   * @throws UnknownUserException when there is no such user
   */
  List<Usage> usage(UUID userId);

  /**
   * A page of a user's violations, the newest minute first.
   *
   * @param after the last of the page before, or null for the first page
   * @param limit at most 1,000
   */
  List<Violation> violations(UUID userId, @Nullable Violation after, int limit);

  /** Charges a time to one limit in seconds; see {@link #charge(UUID, Charge)}. */
  default Decision charge(UUID userId, String limit, Duration amount) {
    return charge(userId, Charge.of(limit, amount));
  }
}
