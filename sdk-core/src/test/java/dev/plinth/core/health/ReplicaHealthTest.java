package dev.plinth.core.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.test.ReplicatedDatabase;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What health says of a replica that lags, is gone, or has been promoted. */
class ReplicaHealthTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @Test
  void replica_fromWellToPromoted_isToldAsItIs() {
    try (ReplicatedDatabase replicated = ReplicatedDatabase.create();
        HikariDataSource pool = replicated.database().pool(3);
        HikariDataSource replicas = replicated.replicaPool(2);
        Plinth plinth = replicated.database().plinth(pool).readDataSource(replicas).build()) {
      plinth.users().create(NewUser.withExternalId("a"));
      replicated.awaitReplay();
      Health well = plinth.health(PATIENCE);
      assertThat(well.findings()).isEmpty();
      assertThat(well.replica().reachable()).isTrue();
      assertThat(well.replica().recovering()).isTrue();
      assertThat(well.replica().replayedAt()).isNotNull();
      assertThat(well.replica().lagBytes()).isNotNegative();

      try (Plinth onStandby = replicated.database().plinth(replicas).build()) {
        Health standby = onStandby.health(PATIENCE);
        assertThat(standby.status()).isEqualTo(HealthStatus.DOWN);
        assertThat(standby.findings().get(0).message()).contains("leads to a standby");
      }

      replicated.pauseReplay();
      assertThat(plinth.health(PATIENCE).findings())
          .singleElement()
          .satisfies(
              finding -> {
                assertThat(finding.status()).isEqualTo(HealthStatus.DEGRADED);
                assertThat(finding.part()).isEqualTo("replica");
                assertThat(finding.message()).contains("paused");
              });
      replicated.resumeReplay();

      replicated.stopReplica();
      Health gone = plinth.health(PATIENCE);
      assertThat(gone.status()).isEqualTo(HealthStatus.DEGRADED);
      assertThat(gone.replica().reachable()).isFalse();
      assertThat(gone.isServing()).isTrue();
      replicated.startReplica();
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(plinth.health(PATIENCE).status()).isEqualTo(HealthStatus.UP));

      replicated.promote();
      Health promoted = plinth.health(PATIENCE);
      assertThat(promoted.replica().recovering()).isFalse();
      assertThat(promoted.findings())
          .singleElement()
          .satisfies(finding -> assertThat(finding.message()).contains("was promoted"));

      try (Plinth onStandby = replicated.database().plinth(replicas).build()) {
        assertThat(onStandby.health(PATIENCE).status()).isEqualTo(HealthStatus.UP);
      }
    }
  }
}
