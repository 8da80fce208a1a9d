package dev.plinth.core.id;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class UuidV7Test {
  private static final long START = 1_800_000_000_000L;

  /** Whatever the clock does: stand still, jump ahead, go back by up to an hour. */
  @Property(tries = 300)
  void next_clockThatJumps_strictlyAscends(
      @ForAll @Size(max = 200) List<@IntRange(min = -3_600_000, max = 3_600_000) Integer> jumps) {
    AtomicLong millis = new AtomicLong(START);
    UuidV7 ids = new UuidV7(at(millis));
    UUID last = ids.next();
    for (int jump : jumps) {
      millis.addAndGet(jump);
      UUID next = ids.next();
      assertThat(text(next)).isGreaterThan(text(last));
      last = next;
    }
  }

  @Property(tries = 300)
  void next_anyTime_hasVersionVariantAndTime(@ForAll @LongRange(max = (1L << 48) - 1) long millis) {
    UUID id = new UuidV7(at(new AtomicLong(millis))).next();

    assertThat(id.version()).isEqualTo(7);
    assertThat(id.variant()).isEqualTo(2);
    assertThat(UuidV7.instant(id)).isEqualTo(Instant.ofEpochMilli(millis));
  }

  @Property(tries = 300)
  void lowerBound_liesBetweenTheIdsBeforeAndFrom(
      @ForAll @LongRange(min = 1, max = (1L << 48) - 1) long millis) {
    String bound = text(UuidV7.lowerBound(Instant.ofEpochMilli(millis)));

    assertThat(text(new UuidV7(at(new AtomicLong(millis))).next())).isGreaterThan(bound);
    assertThat(text(new UuidV7(at(new AtomicLong(millis - 1))).next())).isLessThan(bound);
  }

  @Test
  void next_clockStandsStill_borrowsFromTheFutureWhenTheCounterIsFull() {
    UuidV7 ids = new UuidV7(at(new AtomicLong(START)));
    UUID last = ids.next();
    for (int i = 0; i < 20_000; i++) {
      UUID next = ids.next();
      assertThat(text(next)).isGreaterThan(text(last));
      last = next;
    }

    assertThat(UuidV7.instant(last)).isBetween(at(START + 4), at(START + 10));
  }

  @Test
  void next_clockGoesBack_keepsItsLastMillisecond() {
    AtomicLong millis = new AtomicLong(START);
    UuidV7 ids = new UuidV7(at(millis));
    ids.next();
    millis.set(START - 60_000);

    assertThat(UuidV7.instant(ids.next())).isEqualTo(at(START));
  }

  @Test
  void next_byManyThreads_neverRepeats() throws Exception {
    UuidV7 ids = new UuidV7(InstantSource.system());
    Set<UUID> seen = ConcurrentHashMap.newKeySet();
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Callable<Boolean>> work = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        work.add(
            () -> {
              boolean fresh = true;
              for (int n = 0; n < 10_000; n++) {
                fresh &= seen.add(ids.next());
              }
              return fresh;
            });
      }
      for (Future<Boolean> outcome : threads.invokeAll(work)) {
        assertThat(outcome.get()).isTrue();
      }
    } finally {
      threads.shutdownNow();
    }

    assertThat(seen).hasSize(80_000);
  }

  /** The example of RFC 9562, appendix A.6. */
  @Test
  void instant_ofTheRfcsExample_isItsTime() {
    assertThat(UuidV7.instant(UUID.fromString("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")))
        .isEqualTo(Instant.parse("2022-02-22T19:22:22Z"));
  }

  @Test
  void arguments_bad_areRefused() {
    assertThatThrownBy(
            () -> UuidV7.instant(UUID.fromString("00000000-0000-4000-8000-000000000000")))
        .hasMessage("id must be a UUID of version 7, but is of version 4");
    assertThatThrownBy(() -> UuidV7.lowerBound(Instant.ofEpochMilli(-1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("instant in milliseconds must be between 0 and ");
  }

  /** Order as PostgreSQL has it: by bytes. Java compares the halves as signed numbers. */
  private static String text(UUID id) {
    return id.toString();
  }

  private static Instant at(long millis) {
    return Instant.ofEpochMilli(millis);
  }

  private static InstantSource at(AtomicLong millis) {
    return () -> Instant.ofEpochMilli(millis.get());
  }
}
