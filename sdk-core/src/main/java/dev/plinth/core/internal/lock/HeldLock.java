package dev.plinth.core.internal.lock;

import dev.plinth.core.PlinthException;
import dev.plinth.core.lock.Lock;
import dev.plinth.core.lock.LockLostException;
import dev.plinth.core.lock.LockOptions;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One acquisition. What it knows itself is only what it was told last. */
final class HeldLock implements Lock {
  private static final Logger log = LoggerFactory.getLogger(HeldLock.class);

  private final TxScope scope;
  private final LockRows rows;
  private final Releases releases;
  private final Acquisition lock;
  private final LockOptions options;
  private volatile Instant leaseUntil;

  HeldLock(TxScope scope, LockRows rows, Releases releases, Claim.Won won, LockOptions options) {
    this.scope = scope;
    this.rows = rows;
    this.releases = releases;
    this.lock = won.lock();
    this.options = options;
    this.leaseUntil = won.leaseUntil();
  }

  @Override
  public String name() {
    return lock.name();
  }

  @Override
  public long fence() {
    return lock.fence();
  }

  @Override
  public Instant leaseUntil() {
    return leaseUntil;
  }

  @Override
  public boolean isHeld() {
    return scope.returning(tx -> rows.isHeld(tx, lock));
  }

  @Override
  public boolean renew() {
    return renew(options.lease());
  }

  @Override
  public boolean renew(Duration lease) {
    LockOptions checked = options.withLease(lease);
    return scope.returning(
        tx ->
            rows.renew(Writable.require(tx), lock, checked.lease())
                .map(
                    until -> {
                      leaseUntil = until;
                      return true;
                    })
                .orElse(false));
  }

  @Override
  public void requireHeld(Tx tx) {
    if (!rows.fence(Args.notNull(tx, "tx"), lock)) {
      throw new LockLostException(lock.name(), lock.fence());
    }
  }

  @Override
  public boolean release() {
    return scope.returning(this::release);
  }

  @Override
  public boolean release(Tx tx) {
    return rows.release(Writable.require(tx), lock)
        .map(
            awaited -> {
              releases.announce(tx, lock.name(), awaited);
              return true;
            })
        .orElse(false);
  }

  @Override
  public void close() {
    try {
      release();
    } catch (PlinthException e) {
      log.warn("The lock {} could not be released; it ends with its lease", lock.name(), e);
    }
  }

  @Override
  public String toString() {
    return "Lock[" + lock.name() + ", fence " + lock.fence() + "]";
  }
}
