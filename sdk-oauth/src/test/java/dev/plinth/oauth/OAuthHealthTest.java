package dev.plinth.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.health.Health;
import dev.plinth.test.PlinthTest;
import java.time.Duration;
import org.junit.jupiter.api.Test;

@PlinthTest
class OAuthHealthTest {
  @Test
  void oldestPendingRefresh_nonePending_isZero(Plinth plinth) {
    Health health = plinth.health(Duration.ofMinutes(1));

    assertThat(health.findings()).isEmpty();
    assertThat(health.readings())
        .filteredOn(reading -> reading.name().equals("oauth.oldest_pending_refresh"))
        .singleElement()
        .satisfies(reading -> assertThat(reading.value()).isZero());
  }
}
