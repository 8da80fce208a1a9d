package dev.plinth.core.internal.access;

import dev.plinth.core.internal.change.ChangeFeed;
import dev.plinth.core.internal.change.StampedCache;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.TxScope;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What users may do, from memory where the feed vouches for it. Remembered is only what everybody
 * may see: neither what the transaction at hand has not committed, nor what an old snapshot shows,
 * nor that somebody does not exist. Safe for use by many threads.
 */
final class RememberedPermissions implements ChangeFeed.Listener {
  private static final int USERS = 100_000;

  private final TxScope scope;
  private final ReadPermissions read;
  private final ChangeFeed feed;
  private final Transactions transactions;
  private final StampedCache<UUID, Permissions> cache = new StampedCache<>(USERS);

  RememberedPermissions(
      TxScope scope, ReadPermissions read, ChangeFeed feed, Transactions transactions) {
    this.scope = scope;
    this.read = read;
    this.feed = feed;
    this.transactions = transactions;
  }

  /** From memory, or null. */
  @Nullable Permissions peek(UUID userId) {
    return feed.isCurrent() ? cache.get(userId) : null;
  }

  Permissions load(UUID userId) {
    long stamp = cache.stamp(userId);
    boolean current = feed.isCurrent();
    boolean alone = !transactions.isInTransaction();
    ReadPermissions.Answer answer = scope.returning(tx -> read.of(tx, userId));
    if (current && answer.exists() && (alone || answer.isCommitted())) {
      cache.put(userId, answer.permissions(), stamp);
    }
    return answer.permissions();
  }

  @Override
  public void changed(Set<String> keys) {
    for (String key : keys) {
      cache.forget(UUID.fromString(key));
    }
  }

  @Override
  public void everythingChanged() {
    cache.forgetEverything();
  }
}
