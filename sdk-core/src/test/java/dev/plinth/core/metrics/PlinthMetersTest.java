package dev.plinth.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

@PlinthTest
class PlinthMetersTest {
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  @Test
  void counters_countWhatWasDone(Plinth plinth) {
    new PlinthMeters(plinth).bindTo(registry);
    double committed = transactions("committed");
    double rolledBack = transactions("rolled_back");

    plinth.transact(tx -> Sql.query(tx.connection(), "SELECT 1", row -> true));
    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      throw new IllegalStateException("no");
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx ->
                        Sql.execute(
                            tx.connection(),
                            "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$")))
        .isNotNull();
    try (var batch = plinth.<Integer, Integer>groupCommit("b", 10, 10, (tx, items) -> items)) {
      assertThat(batch.call(1)).isEqualTo(1);
    }

    // One that committed, and the batch; one that threw, and five attempts.
    assertThat(transactions("committed") - committed).isEqualTo(2);
    assertThat(transactions("rolled_back") - rolledBack).isEqualTo(6);
    assertThat(registry.get("plinth.transactions.repeated").functionCounter().count()).isEqualTo(4);
    assertThat(registry.get("plinth.batches").functionCounter().count()).isEqualTo(1);
    assertThat(registry.get("plinth.batch.items").functionCounter().count()).isEqualTo(1);
  }

  @Test
  void health_comesInTheBackground(Plinth plinth) {
    new PlinthMeters(plinth).bindTo(registry);

    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() -> assertThat(gauge("plinth.health")).isZero());
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () ->
                assertThat(
                        registry
                            .get("plinth.reading")
                            .tags(
                                List.of(
                                    io.micrometer.core.instrument.Tag.of(
                                        "name", "core.api_keys_expiring")))
                            .gauge()
                            .value())
                    .isZero());
    assertThat(gauge("plinth.database.latency")).isPositive();
    assertThat(gauge("plinth.maintenance.failing")).isZero();
    assertThat(gauge("plinth.replica.lag")).isNaN();
    assertThat(gauge("plinth.instance.alive")).isZero();
    assertThat(gauge("plinth.notifications.connected")).isZero();
  }

  @Test
  void health_plinthClosed_isDown(Plinth plinth) {
    new PlinthMeters(plinth).bindTo(registry);
    plinth.close();

    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() -> assertThat(gauge("plinth.health")).isEqualTo(2));
  }

  private double transactions(String outcome) {
    return registry.get("plinth.transactions").tag("outcome", outcome).functionCounter().count();
  }

  private double gauge(String name) {
    return registry.get(name).gauge().value();
  }
}
