package dev.plinth.core.lock;

import dev.plinth.core.tx.Tx;
import java.time.Duration;
import java.time.Instant;

/**
 * One acquisition of a named lock. It ends by {@link #release()}, or by the database's clock.
 * Methods that send a statement run in the thread's current transaction or a short one of their
 * own, unless a transaction is named. Safe for use by many threads.
 */
public interface Lock extends AutoCloseable {
  /** What is locked. */
  String name();

  /**
   * The fencing number: higher than that of every earlier acquisition of this name, for ever, also
   * after the lock was released, unused for years, or removed. Numbers are shared by all names, so
   * they have gaps.
   */
  long fence();

  /**
   * When the lease ends, by the database's clock, as of the last acquisition or renewal through
   * this object. Sends nothing. Not for comparing with this machine's clock: ask {@link #isHeld()}.
   */
  Instant leaseUntil();

  /**
   * Asks the database whether it is still held. The answer may be outdated when it arrives: what
   * must not happen without the lock belongs behind {@link #requireHeld}.
   */
  boolean isHeld();

  /**
   * Prolongs the lease: it now ends after the time it was acquired for, from now.
   *
   * @return false when it is no longer held; an expired lease does not come back
   */
  boolean renew();

  /** As {@link #renew()}, for another time than it was acquired for; may shorten it. */
  boolean renew(Duration lease);

  /**
   * Makes the transaction's work conditional on the lock: refused unless the lock is held, and
   * until the transaction ends nobody else can acquire it, even when the lease runs out meanwhile.
   * So what commits with it was done under the lock, whatever pauses there were. One statement,
   * which waits for nobody but a transaction that is just taking the lock over.
   *
   * <p>Call it as late as the work allows: a process that stops inside the transaction keeps the
   * lock from others until PostgreSQL ends its session (see {@code
   * idle_in_transaction_session_timeout}). Renewals by other threads go on meanwhile. Under {@code
   * REPEATABLE READ} and stricter, a take-over since the snapshot is answered by a serialization
   * failure.
   *
   * <p>The same in the host's own SQL, as a condition on which the rest depends:
   *
   * <pre>{@code
   * SELECT FROM plinth.locks
   * WHERE name = 'nightly-export' AND fence = 42
   *   AND holder IS NOT NULL AND lease_until > statement_timestamp()
   * FOR KEY SHARE
   * }</pre>
   *
   * @throws LockLostException when it is not held; the transaction remains usable, and its work is
   *     to be rolled back
   */
  void requireHeld(Tx tx);

  /**
   * Gives the lock up, in the thread's current transaction or a short one of its own. A lock that
   * another has acquired since is left alone.
   *
   * @return false when another has acquired it since
   */
  boolean release();

  /** As {@link #release()}, with the transaction: others get the lock when it commits. */
  boolean release(Tx tx);

  /**
   * Releases. Where that fails, as when the database is away, one line is logged and the lock ends
   * with its lease.
   */
  @Override
  void close();
}
