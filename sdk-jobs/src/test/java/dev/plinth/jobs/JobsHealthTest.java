package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.health.Health;
import dev.plinth.core.health.HealthReading;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

@PlinthTest
class JobsHealthTest {
  @Test
  void oldestDue_nothingDue_isZero(Plinth plinth, Jobs jobs) {
    jobs.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().delay(Duration.ofHours(3)));

    assertThat(oldestDue(plinth)).isZero();
  }

  @Test
  void oldestDue_readyAndDelayedJobs_isTheAgeOfTheOldest(
      Plinth plinth, Jobs jobs, SettableClock clock) {
    jobs.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().delay(Duration.ofMinutes(10)));
    clock.advance(Duration.ofHours(1));
    assertThat(oldestDue(plinth)).isBetween(3000.0, 3500.0);

    jobs.enqueue(Kinds.PLAIN, new Number(2));
    clock.advance(Duration.ofHours(1));
    assertThat(oldestDue(plinth)).isBetween(6600.0, 7100.0);
  }

  private static double oldestDue(Plinth plinth) {
    Health health = plinth.health(Duration.ofMinutes(1));
    assertThat(health.findings()).isEmpty();
    assertThat(health.readings())
        .extracting(HealthReading::name)
        .contains("core.api_keys_expiring", "jobs.oldest_due");
    return health.readings().stream()
        .filter(reading -> reading.name().equals("jobs.oldest_due"))
        .mapToDouble(HealthReading::value)
        .sum();
  }
}
