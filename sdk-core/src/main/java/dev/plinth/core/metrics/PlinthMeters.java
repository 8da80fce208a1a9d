package dev.plinth.core.metrics;

import dev.plinth.core.Plinth;
import dev.plinth.core.health.Counters;
import dev.plinth.core.health.Health;
import dev.plinth.core.spi.Args;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/**
 * Plinth's meters: {@code new PlinthMeters(plinth).bindTo(registry)}. Needs {@code
 * io.micrometer:micrometer-core} on the host's class path.
 *
 * <p>Counted in memory: {@code plinth.transactions} (by outcome), {@code
 * plinth.transactions.repeated}, {@code plinth.reads} (by where they went), {@code plinth.batches},
 * {@code plinth.batch.items}, and the gauges {@code plinth.notifications.connected} and {@code
 * plinth.instance.alive} (1 or 0).
 *
 * <p>From {@code plinth.health()}, asked in the background at most every fifteen seconds and never
 * by the thread that reads the meters: {@code plinth.health} (0 up, 1 degraded, 2 down), {@code
 * plinth.database.latency} (seconds), {@code plinth.maintenance.failing} and {@code
 * plinth.maintenance.overdue} (tasks), {@code plinth.replica.lag} (bytes), and {@code
 * plinth.reading}, tagged with name and unit, for what modules contribute. They are not a number
 * before the first answer. The pool has meters of its own in HikariCP.
 *
 * <p>Keeps the Plinth reachable as long as the registry is. Safe for use by many threads.
 */
public final class PlinthMeters implements MeterBinder {
  private final Plinth plinth;
  private final RecentHealth recent;

  /** Meters of this Plinth; does nothing before {@link #bindTo}. */
  public PlinthMeters(Plinth plinth) {
    this.plinth = Args.notNull(plinth, "plinth");
    this.recent = new RecentHealth(plinth);
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    Args.notNull(registry, "registry");
    count(registry, "plinth.transactions", "outcome", "committed", Counters::committed);
    count(registry, "plinth.transactions", "outcome", "rolled_back", Counters::rolledBack);
    count(registry, "plinth.transactions", "outcome", "unknown", Counters::outcomeUnknown);
    count(registry, "plinth.transactions.repeated", "", "", Counters::repeated);
    count(registry, "plinth.reads", "served", "replica", Counters::readsOnReplica);
    count(registry, "plinth.reads", "served", "behind", Counters::readsBehind);
    count(registry, "plinth.reads", "served", "away", Counters::readsAway);
    count(registry, "plinth.reads", "served", "broken_off", Counters::readsBrokenOff);
    count(registry, "plinth.batches", "", "", Counters::batches);
    count(registry, "plinth.batch.items", "", "", Counters::batchItems);
    Gauge.builder(
            "plinth.notifications.connected",
            plinth,
            of -> of.notifications().isConnected() ? 1 : 0)
        .strongReference(true)
        .register(registry);
    Gauge.builder("plinth.instance.alive", plinth, of -> of.instances().isAlive() ? 1 : 0)
        .strongReference(true)
        .register(registry);
    health(registry, "plinth.health", "", PlinthMeters::level);
    health(
        registry,
        "plinth.database.latency",
        "seconds",
        health ->
            health.database() == null ? Double.NaN : health.database().latency().toNanos() / 1e9);
    health(
        registry,
        "plinth.maintenance.failing",
        "tasks",
        health -> health.tasks().stream().filter(task -> task.lastError() != null).count());
    health(
        registry,
        "plinth.maintenance.overdue",
        "tasks",
        health -> health.tasks().stream().filter(Health.Task::overdue).count());
    health(
        registry,
        "plinth.replica.lag",
        "bytes",
        health ->
            health.replica() == null || health.replica().lagBytes() == null
                ? Double.NaN
                : health.replica().lagBytes().doubleValue());
    MultiGauge readings =
        MultiGauge.builder("plinth.reading")
            .description("What Plinth's modules contribute to its health")
            .register(registry);
    recent.onAnswer(health -> readings.register(rows(health), true));
  }

  private void count(
      MeterRegistry registry, String name, String tag, String value, ToLongFunction<Counters> of) {
    FunctionCounter.builder(name, plinth, counted -> of.applyAsLong(counted.counters()))
        .tags(tag.isEmpty() ? Tags.empty() : Tags.of(tag, value))
        .register(registry);
  }

  private void health(
      MeterRegistry registry, String name, String unit, ToDoubleFunction<Health> of) {
    Gauge.builder(name, recent, health -> health.read(of))
        .baseUnit(unit.isEmpty() ? null : unit)
        .strongReference(true)
        .register(registry);
  }

  private static double level(Health health) {
    return switch (health.status()) {
      case UP -> 0;
      case DEGRADED -> 1;
      case DOWN -> 2;
    };
  }

  private static Iterable<MultiGauge.Row<?>> rows(Health health) {
    return health.readings().stream()
        .<MultiGauge.Row<?>>map(
            reading ->
                MultiGauge.Row.of(
                    Tags.of("name", reading.name(), "unit", reading.unit()), reading.value()))
        .toList();
  }
}
