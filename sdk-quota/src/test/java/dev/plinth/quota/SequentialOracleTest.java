package dev.plinth.quota;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.test.PlinthFixture;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Any sequence of calls answers as a few lines of plain arithmetic do. */
class SequentialOracleTest {
  private static final Instant START = Instant.parse("2030-05-05T22:30:00Z");
  private static PlinthFixture fixture;
  private static Quotas quotas;

  @BeforeContainer
  static void open() {
    fixture = PlinthFixture.create();
    quotas =
        Quotas.builder(fixture.plinth())
            .limit("gauge", 20)
            .limit("hourly", 15, Window.perHour())
            .limit("daily", 30, Window.perDay())
            .build();
  }

  @AfterContainer
  static void close() {
    quotas.close();
    fixture.close();
  }

  /** One call, or a step of the clock. */
  sealed interface Step {
    record Charging(Map<String, Integer> amounts) implements Step {}

    record Releasing(int amount) implements Step {}

    record Capping(String limit, int cap) implements Step {}

    record Clearing(String limit) implements Step {}

    record Waiting(int minutes) implements Step {}
  }

  @Provide
  Arbitrary<Step> step() {
    Arbitrary<String> limit = Arbitraries.of("gauge", "hourly", "daily");
    return Arbitraries.frequencyOf(
        Tuple.of(
            8,
            Arbitraries.maps(limit, Arbitraries.integers().between(1, 12))
                .ofMinSize(1)
                .map(Step.Charging::new)),
        Tuple.of(2, Arbitraries.integers().between(1, 25).map(Step.Releasing::new)),
        Tuple.of(
            1,
            Combinators.combine(limit, Arbitraries.integers().between(0, 40))
                .as(Step.Capping::new)),
        Tuple.of(1, limit.map(Step.Clearing::new)),
        Tuple.of(2, Arbitraries.integers().between(-70, 90).map(Step.Waiting::new)));
  }

  @Provide
  Arbitrary<List<Step>> steps() {
    return step().list().ofMinSize(1).ofMaxSize(40);
  }

  @Property(tries = 60)
  void anySequence_answersAsTheOracleDoes(@ForAll("steps") List<Step> steps) {
    UUID user = Given.user(fixture.plinth());
    Oracle oracle = new Oracle();
    fixture.clock().set(oracle.now);
    for (Step step : steps) {
      if (step instanceof Step.Charging charging) {
        assertThat(quotas.charge(user, charge(charging.amounts())).isCharged())
            .isEqualTo(oracle.charge(charging.amounts()));
      } else if (step instanceof Step.Releasing releasing) {
        assertThat(quotas.release(user, "gauge", releasing.amount()).get(0).released().intValue())
            .isEqualTo(oracle.release(releasing.amount()));
      } else if (step instanceof Step.Capping capping) {
        quotas.setCap(user, capping.limit(), capping.cap());
        oracle.caps.put(capping.limit(), capping.cap());
      } else if (step instanceof Step.Clearing clearing) {
        assertThat(quotas.clearCap(user, clearing.limit()))
            .isEqualTo(oracle.caps.remove(clearing.limit()) != null);
      } else if (step instanceof Step.Waiting waiting) {
        oracle.now = oracle.now.plus(Duration.ofMinutes(waiting.minutes()));
        fixture.clock().set(oracle.now);
      }
      assertThat(used(user)).isEqualTo(oracle.current());
    }
  }

  private static Charge charge(Map<String, Integer> amounts) {
    Charge charge = null;
    for (Map.Entry<String, Integer> amount : amounts.entrySet()) {
      charge =
          charge == null
              ? Charge.of(amount.getKey(), amount.getValue())
              : charge.and(amount.getKey(), amount.getValue());
    }
    return charge;
  }

  private static Map<String, Integer> used(UUID user) {
    Map<String, Integer> used = new TreeMap<>();
    quotas.usage(user).forEach(usage -> used.put(usage.limit(), usage.used().intValue()));
    return used;
  }

  /** Counters by the latest window each has been charged in. */
  private static final class Oracle {
    private final Map<String, Integer> caps = new HashMap<>();
    private final Map<String, Integer> used = new HashMap<>();
    private final Map<String, Instant> windows = new HashMap<>();
    private Instant now = START;

    boolean charge(Map<String, Integer> amounts) {
      Map<String, Integer> current = current();
      boolean allowed =
          amounts.entrySet().stream()
              .allMatch(ask -> current.get(ask.getKey()) + ask.getValue() <= cap(ask.getKey()));
      if (allowed) {
        amounts.forEach(
            (limit, amount) -> {
              used.put(limit, current.get(limit) + amount);
              windows.merge(limit, window(limit), (a, b) -> a.isAfter(b) ? a : b);
            });
      }
      return allowed;
    }

    int release(int amount) {
      int released = Math.min(amount, used.getOrDefault("gauge", 0));
      used.merge("gauge", -released, Integer::sum);
      return released;
    }

    Map<String, Integer> current() {
      Map<String, Integer> current = new TreeMap<>();
      for (String limit : List.of("daily", "gauge", "hourly")) {
        boolean over = windows.getOrDefault(limit, Instant.MIN).isBefore(window(limit));
        current.put(limit, over ? 0 : used.getOrDefault(limit, 0));
      }
      return current;
    }

    private int cap(String limit) {
      return caps.getOrDefault(limit, Map.of("gauge", 20, "hourly", 15, "daily", 30).get(limit));
    }

    private Instant window(String limit) {
      return switch (limit) {
        case "hourly" -> now.truncatedTo(ChronoUnit.HOURS);
        case "daily" -> now.truncatedTo(ChronoUnit.DAYS);
        default -> Instant.MIN;
      };
    }
  }
}
