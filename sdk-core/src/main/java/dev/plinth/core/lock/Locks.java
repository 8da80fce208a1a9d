package dev.plinth.core.lock;

import dev.plinth.core.tx.Tx;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Named leases: of all nodes, one holder of a name at a time, for five minutes unless said
 * otherwise, by the database's clock. Standalone calls run in the thread's current transaction or a
 * short one of their own; {@link #in(Tx)} gives the same in a transaction at hand. Safe for use by
 * many threads; not reentrant.
 *
 * <pre>{@code
 * try (Lock lock = plinth.locks().acquire("nightly-export", Duration.ofSeconds(30))) {
 *   Report report = compute();                       // takes its time, holds no connection
 *   plinth.transact(tx -> {
 *     lock.requireHeld(tx);                          // a holder that lost it is refused here
 *     reports.insert(tx.connection(), report);
 *   });
 * }
 * }</pre>
 *
 * <p><b>What a lease gives, and what not.</b> No two acquisitions of a name are ever both current
 * by the database's clock. A process, though, may be paused at any point and go on when its lease
 * is long over, believing that it holds the lock. So the lease alone keeps work from being done
 * twice most of the time; what must be excluded always is fenced: either by {@link
 * Lock#requireHeld} in the transaction that writes, or, in another store, by sending {@link
 * Lock#fence()} along and having the store refuse a number lower than the highest it has seen.
 *
 * <p>In a transaction, an acquisition counts when that commits; until then nobody else gets the
 * lock. The wait of {@link #acquire} happens outside of transactions and without a connection.
 */
public interface Locks {
  /** The same, working in the given transaction. {@link #acquire} is refused there. */
  Locks in(Tx tx);

  /** As {@link #tryAcquire(String, LockOptions)}, for five minutes. */
  default Optional<Lock> tryAcquire(String name) {
    return tryAcquire(name, LockOptions.defaults());
  }

  /**
   * Acquires the lock if nobody holds it. Waits for nobody, so it may also answer empty while
   * another caller is just acquiring it.
   *
   * @param name at most 255 characters, any but U+0000
   * @throws IllegalStateException when the options bind it to this instance and {@code
   *     plinth.start()} was not called
   */
  Optional<Lock> tryAcquire(String name, LockOptions options);

  /** As {@link #acquire(String, LockOptions, Duration)}, for five minutes. */
  default Lock acquire(String name, Duration atMost) throws InterruptedException {
    return acquire(name, LockOptions.defaults(), atMost);
  }

  /**
   * Acquires the lock, waiting for whoever holds it. Callers of one node wait in line and one of
   * them asks the database, at random intervals of up to a second and at once when a release is
   * heard of. Between nodes no order is promised.
   *
   * @param atMost how long to wait; zero asks once
   * @throws LockTimeoutException when it was not to be had in that time
   * @throws IllegalStateException when the calling thread is in a transaction, whose connection it
   *     would keep while it waits
   */
  Lock acquire(String name, LockOptions options, Duration atMost) throws InterruptedException;

  /** What the database has about a name; empty when it was not used for long, or ever. */
  Optional<LockState> find(String name);

  /**
   * A page of locks, held and free, in the order of their names' bytes.
   *
   * @param after the last name of the page before, or null for the first
   * @param limit at most 1,000
   */
  List<LockState> page(@Nullable String after, int limit);
}
