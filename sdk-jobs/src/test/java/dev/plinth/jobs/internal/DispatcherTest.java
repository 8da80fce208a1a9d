package dev.plinth.jobs.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class DispatcherTest {
  @Test
  void pollWait_isBetweenHalfAndAllOfTheInterval_andSpreadOverIt() {
    Duration interval = Duration.ofSeconds(1);

    long[] waits =
        LongStream.generate(() -> Dispatcher.jittered(interval)).limit(1_000).sorted().toArray();

    assertThat(waits[0]).isBetween(500_000_000L, 600_000_000L);
    assertThat(waits[500]).isBetween(650_000_000L, 850_000_000L);
    assertThat(waits[999]).isBetween(900_000_000L, 1_000_000_000L);
  }
}
