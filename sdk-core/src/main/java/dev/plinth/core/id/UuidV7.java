package dev.plinth.core.id;

import dev.plinth.core.spi.Args;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;

/**
 * Mints UUIDs of version 7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then a 12-bit
 * counter and 62 random bits, so that ids of one generator strictly ascend and ids of several do
 * not collide.
 *
 * <p>When the clock stands still or goes back, the generator stays on its last millisecond and
 * counts on (method 1 of section 6.2); when the counter is full it borrows the next millisecond.
 * Safe for use by many threads.
 */
public final class UuidV7 {
  private static final long MAX_MILLIS = (1L << 48) - 1;
  private static final int COUNTER_LIMIT = 1 << 12;

  /** New milliseconds start the counter in its lower half, to leave room to count. */
  private static final int COUNTER_SEED = 1 << 11;

  private static final int PAGE_BYTES = 4_096;

  private final InstantSource clock;
  private final SecureRandom random = new SecureRandom();
  private final ByteBuffer page = ByteBuffer.allocate(PAGE_BYTES).limit(0);
  private long lastMillis = -1;
  private int counter;

  /** Takes its time from the given clock. */
  public UuidV7(InstantSource clock) {
    this.clock = Args.notNull(clock, "clock");
  }

  /** The next id, greater than every id this generator has made. */
  public UUID next() {
    long low;
    long high;
    synchronized (this) {
      low = drawn(Long.BYTES).getLong();
      long millis = clock.millis();
      if (millis > lastMillis) {
        lastMillis = millis;
        counter = seed();
      } else if (++counter == COUNTER_LIMIT) {
        lastMillis++;
        counter = seed();
      }
      high = (lastMillis << 16) | 0x7000L | counter;
    }
    return new UUID(high, (low & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L);
  }

  /** A power of two, so that the lowest bits of what was drawn are spread evenly. */
  private int seed() {
    return drawn(Short.BYTES).getShort() & (COUNTER_SEED - 1);
  }

  /** Random bytes come by the page: to ask for a few costs nearly as much as to ask for many. */
  private ByteBuffer drawn(int bytes) {
    if (page.remaining() < bytes) {
      random.nextBytes(page.array());
      page.clear();
    }
    return page;
  }

  /**
   * The smallest UUID, of any version, whose time is not before the given instant: a bound for
   * ranges and partitions, not an id.
   */
  public static UUID lowerBound(Instant instant) {
    long millis = Args.notNull(instant, "instant").toEpochMilli();
    Args.range(millis, 0, MAX_MILLIS, "instant in milliseconds");
    return new UUID(millis << 16, 0L);
  }

  /**
   * The time inside an id of version 7, in milliseconds.
   *
   * @throws IllegalArgumentException for a UUID of another version
   */
  public static Instant instant(UUID id) {
    Args.notNull(id, "id");
    Args.check(
        id.version() == 7 && id.variant() == 2,
        "id must be a UUID of version 7, but is of version " + id.version());
    return Instant.ofEpochMilli(id.getMostSignificantBits() >>> 16);
  }
}
