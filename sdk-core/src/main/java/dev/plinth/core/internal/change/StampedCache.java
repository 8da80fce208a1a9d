package dev.plinth.core.internal.change;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * A bounded cache in which forgetting wins every race against remembering. Safe for use by many
 * threads.
 *
 * <p>Whoever loads a value takes the key's stamp first and hands it in with the value. Forgetting
 * changes the stamp, so a value that was read before is worth nothing however late it is put. Keys
 * share stamps, so forgetting one may cost another its value.
 */
public final class StampedCache<K, V> {
  private static final int STAMPS = 1024;

  private record Entry<V>(V value, long stamp) {}

  private final Cache<K, Entry<V>> cache;
  private final AtomicLongArray stamps = new AtomicLongArray(STAMPS);
  private final AtomicLong everything = new AtomicLong();

  /** Holds about this many values. */
  public StampedCache(int size) {
    this.cache = Caffeine.newBuilder().maximumSize(size).build();
  }

  /** The value, or null when it must be loaded. */
  public @Nullable V get(K key) {
    Entry<V> entry = cache.getIfPresent(key);
    return entry != null && entry.stamp() == stamp(key) ? entry.value() : null;
  }

  /** To be taken before the value is loaded. Both counters only grow, hence the sum is exact. */
  public long stamp(K key) {
    return stamps.get(index(key)) + everything.get();
  }

  /** Remembers a value that was loaded after its stamp was taken. */
  public void put(K key, V value, long stamp) {
    cache.put(key, new Entry<>(value, stamp));
  }

  /** No value that was loaded before is given again. */
  public void forget(K key) {
    stamps.incrementAndGet(index(key));
  }

  /** As {@link #forget}, of every key. */
  public void forgetEverything() {
    everything.incrementAndGet();
  }

  private static int index(Object key) {
    int hash = key.hashCode() * 0x9E3779B9;
    return hash >>> 22;
  }
}
