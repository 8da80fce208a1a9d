package dev.plinth.core.internal.lock;

import dev.plinth.core.instance.Instances;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.lock.Lock;
import dev.plinth.core.lock.LockOptions;
import dev.plinth.core.lock.LockState;
import dev.plinth.core.lock.LockTimeoutException;
import dev.plinth.core.lock.Locks;
import dev.plinth.core.notify.Notifications;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Locks as rows of one table. Safe for use by many threads. */
public final class LeasedLocks implements Locks {
  private static final int MAX_NAME = 255;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(25);
  private static final Duration LAST_PAUSE = Duration.ofSeconds(1);
  private static final Duration ANNOUNCED = Duration.ofSeconds(10);
  private static final Duration KEPT = Duration.ofDays(1);
  private static final int PURGED_AT_ONCE = 1_000;

  private final TxScope scope;
  private final TxScope standalone;
  private final Transactions transactions;
  private final Instances instances;
  private final Claim claim;
  private final LockRows rows;
  private final Releases releases;

  /** Opens nothing. */
  public LeasedLocks(
      TxScope standalone,
      Transactions transactions,
      Schema schema,
      Instances instances,
      Notifications notifications) {
    this.scope = standalone;
    this.standalone = standalone;
    this.transactions = transactions;
    this.instances = instances;
    this.claim = new Claim(schema);
    this.rows = new LockRows(schema);
    this.releases = new Releases(notifications);
  }

  private LeasedLocks(TxScope scope, LeasedLocks other) {
    this.scope = scope;
    this.standalone = other.standalone;
    this.transactions = other.transactions;
    this.instances = other.instances;
    this.claim = other.claim;
    this.rows = other.rows;
    this.releases = other.releases;
  }

  @Override
  public Locks in(Tx tx) {
    return new LeasedLocks(TxScope.of(tx), this);
  }

  @Override
  public Optional<Lock> tryAcquire(String name, LockOptions options) {
    checkName(name);
    Args.notNull(options, "options");
    @Nullable UUID instance = options.boundToInstance() ? instances.id() : null;
    return scope
        .returning(tx -> claim.claim(Writable.require(tx), name, options, instance))
        .map(won -> new HeldLock(standalone, rows, releases, won, options));
  }

  @Override
  public Lock acquire(String name, LockOptions options, Duration atMost)
      throws InterruptedException {
    checkName(name);
    Args.notNull(options, "options");
    Args.check(
        !Args.notNull(atMost, "atMost").isNegative(),
        "atMost must not be negative, but is " + atMost);
    if (scope != standalone || transactions.isInTransaction()) {
      throw new IllegalStateException(
          "acquire waits, and would keep the transaction's connection meanwhile: acquire the lock"
              + " before the transaction begins, or use tryAcquire");
    }
    long end = System.nanoTime() + nanos(atMost);
    Releases.Line line = releases.join(name);
    try {
      if (line.reachHead(nanos(atMost))) {
        try {
          return atHead(line, name, options, end)
              .orElseThrow(() -> new LockTimeoutException(name, atMost));
        } finally {
          line.leaveHead();
        }
      }
      throw new LockTimeoutException(name, atMost);
    } finally {
      releases.leave(name);
    }
  }

  private Optional<Lock> atHead(Releases.Line line, String name, LockOptions options, long end)
      throws InterruptedException {
    Duration pause = FIRST_PAUSE;
    while (true) {
      Optional<Lock> lock = tryAcquire(name, options);
      if (lock.isPresent() || System.nanoTime() - end >= 0) {
        return lock;
      }
      Duration lasts = await(name).orElse(pause);
      // A lease that ends sooner than the next question is due is waited for exactly.
      long longest = Math.min(jittered(pause), lasts.toNanos() + 1_000_000);
      line.awaitRelease(Math.min(longest, Math.max(0, end - System.nanoTime())));
      pause = pause.multipliedBy(2);
      pause = pause.compareTo(LAST_PAUSE) < 0 ? pause : LAST_PAUSE;
    }
  }

  private Optional<Duration> await(String name) {
    return transactions.inNew(TxOptions.defaults(), tx -> claim.await(tx, name, ANNOUNCED));
  }

  @Override
  public Optional<LockState> find(String name) {
    checkName(name);
    return scope.returning(tx -> rows.find(tx, name));
  }

  @Override
  public List<LockState> page(@Nullable String after, int limit) {
    Args.range(limit, 1, 1_000, "limit");
    if (after != null) {
      Args.text(after, MAX_NAME, "after");
    }
    return scope.returning(tx -> rows.page(tx, after, limit));
  }

  /** Removes the rows of locks that nobody has used for a day; what is in use is passed over. */
  public void purge() {
    int purged = PURGED_AT_ONCE;
    while (purged == PURGED_AT_ONCE && !Thread.currentThread().isInterrupted()) {
      purged = transactions.inNew(TxOptions.defaults(), tx -> rows.purge(tx, KEPT, PURGED_AT_ONCE));
    }
  }

  private static void checkName(String name) {
    Args.text(name, MAX_NAME, "name");
  }

  private static long nanos(Duration duration) {
    Duration century = Duration.ofDays(36_500);
    return (duration.compareTo(century) < 0 ? duration : century).toNanos();
  }

  private static long jittered(Duration longest) {
    long nanos = longest.toNanos();
    return nanos / 2 + ThreadLocalRandom.current().nextLong(nanos / 2 + 1);
  }
}
