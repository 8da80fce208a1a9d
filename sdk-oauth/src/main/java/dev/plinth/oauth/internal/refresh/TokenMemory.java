package dev.plinth.oauth.internal.refresh;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.plinth.core.Plinth;
import dev.plinth.oauth.Fresh;
import dev.plinth.oauth.internal.TokenKey;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Access tokens held in this process. How long one may be used is counted from what the database
 * said was left of it, so the machine's clock need not be right, only run. Safe for use by many
 * threads.
 */
public final class TokenMemory {
  private static final Duration WITH_NOTIFICATIONS = Duration.ofSeconds(60);

  /**
   * A revocation elsewhere is not heard of without notifications, and must be noticed all the same.
   */
  private static final Duration WITHOUT_NOTIFICATIONS = Duration.ofMillis(900);

  private final Plinth plinth;
  private final AtomicLong epoch = new AtomicLong();
  private final Cache<TokenKey, Held> held =
      Caffeine.newBuilder().maximumSize(100_000).expireAfterWrite(WITH_NOTIFICATIONS).build();

  /** Empty. */
  public TokenMemory(Plinth plinth) {
    this.plinth = plinth;
  }

  /** The token, if it is held and still good. */
  @Nullable Fresh get(TokenKey key) {
    Held found = held.getIfPresent(key);
    if (found == null || !plinth.clock().instant().isBefore(found.goodUntil())) {
      return null;
    }
    long age = System.nanoTime() - found.readAtNanos();
    boolean trusted = age < WITHOUT_NOTIFICATIONS.toNanos() || plinth.notifications().isConnected();
    return trusted ? found.fresh() : null;
  }

  /** Names the present, so that {@link #put} can tell whether anything was forgotten since. */
  long epoch() {
    return epoch.get();
  }

  /** Holds what was read after {@code epoch}, unless something was forgotten since. */
  void put(long epoch, TokenKey key, Fresh fresh, Duration goodFor) {
    held.put(key, new Held(fresh, plinth.clock().instant().plus(goodFor), System.nanoTime()));
    if (epoch != this.epoch.get()) {
      held.invalidate(key);
    }
  }

  /** Forgets one token. */
  public void forget(TokenKey key) {
    epoch.incrementAndGet();
    held.invalidate(key);
  }

  /** Forgets everything, since something may have been missed. */
  public void forgetAll() {
    epoch.incrementAndGet();
    held.invalidateAll();
  }

  private record Held(Fresh fresh, Instant goodUntil, long readAtNanos) {}
}
