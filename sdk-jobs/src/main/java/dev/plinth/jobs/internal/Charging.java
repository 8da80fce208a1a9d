package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Args;
import dev.plinth.core.usage.UsageMeter;
import dev.plinth.jobs.JobKind;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which jobs are charged, and how often. Filled by the builder, then only read. */
public final class Charging {
  private final Map<String, Rate> byType = new HashMap<>();
  private Duration period = Duration.ofSeconds(2);

  /** None yet. */
  public Charging() {}

  /** What is charged, and to which account. */
  record Rate(UsageMeter meter, String resource) {}

  /** Jobs of this kind are charged. */
  public void add(JobKind<?> kind, UsageMeter meter, String resource) {
    Rate rate = new Rate(Args.notNull(meter, "meter"), Args.text(resource, 255, "resource"));
    Args.check(
        byType.putIfAbsent(Args.notNull(kind, "kind").name(), rate) == null,
        "kind must not be charged twice, but " + kind.name() + " is already");
  }

  /** How often. */
  public void every(Duration period) {
    Args.positive(period, "period");
    Args.range(period.toMillis(), 100, 3_600_000, "period in milliseconds");
    this.period = period;
  }

  /** Another one with the same contents, for these handlers. */
  public Charging copy(Handlers handlers) {
    Charging copy = new Charging();
    byType.forEach(
        (type, rate) -> {
          Args.check(
              handlers.versions().containsKey(type),
              "kind must have a handler to be charged, unlike " + type);
          copy.byType.put(type, rate);
        });
    copy.period = period;
    return copy;
  }

  boolean isEmpty() {
    return byType.isEmpty();
  }

  Duration period() {
    return period;
  }

  /** Begins to count on the calling thread; null for a job that is not charged. */
  @Nullable RunCharges begin(Plinth plinth, ActiveRun run) {
    Rate rate = run.job().userId() == null ? null : byType.get(run.job().type());
    return rate == null ? null : new RunCharges(plinth, run, rate);
  }
}
