package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RetryPolicyTest {
  private final RetryPolicy policy =
      RetryPolicy.defaults().withDelays(Duration.ofSeconds(2), Duration.ofMinutes(1));

  @Test
  void maxDelayAfter_doublesUpToTheBound() {
    assertThat(policy.maxDelayAfter(1)).isEqualTo(Duration.ofSeconds(2));
    assertThat(policy.maxDelayAfter(4)).isEqualTo(Duration.ofSeconds(16));
    assertThat(policy.maxDelayAfter(6)).isEqualTo(Duration.ofMinutes(1));
    assertThat(policy.maxDelayAfter(Integer.MAX_VALUE)).isEqualTo(Duration.ofMinutes(1));
  }

  @Property
  void delayAfter_anyAttempt_liesWithinItsBound(
      @ForAll @IntRange(min = 1, max = 1_000_000) int attempt) {
    assertThat(policy.delayAfter(attempt)).isBetween(Duration.ZERO, policy.maxDelayAfter(attempt));
  }
}
