package dev.plinth.benchmarks;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A line of the results: one system at one workload, the median of its rounds. The names of its
 * fields are a contract.
 *
 * @param workload the workload's name
 * @param system the system's name
 * @param unit what is counted
 * @param opsPerSecond median of the rounds
 * @param opsPerSecondMin the slowest round
 * @param opsPerSecondMax the fastest round
 * @param p50Micros median of the rounds' medians, in microseconds; null where none is measured
 * @param p99Micros median of the rounds' 99th percentiles; null where none is measured
 * @param conditions what it was measured under
 */
@JsonPropertyOrder({
  "workload",
  "system",
  "unit",
  "ops_s",
  "ops_s_min",
  "ops_s_max",
  "p50_us",
  "p99_us",
  "conditions"
})
public record Result(
    @JsonProperty("workload") String workload,
    @JsonProperty("system") String system,
    @JsonProperty("unit") String unit,
    @JsonProperty("ops_s") double opsPerSecond,
    @JsonProperty("ops_s_min") double opsPerSecondMin,
    @JsonProperty("ops_s_max") double opsPerSecondMax,
    @JsonProperty("p50_us") @Nullable Double p50Micros,
    @JsonProperty("p99_us") @Nullable Double p99Micros,
    @JsonProperty("conditions") Map<String, String> conditions) {
  /** Copies the conditions. */
  public Result {
    conditions = new LinkedHashMap<>(conditions);
  }

  /** Sums the rounds of one system up; there is at least one. */
  static Result of(
      Workload workload, String system, List<Sample> rounds, Map<String, String> conditions) {
    List<Double> rates = rounds.stream().map(Sample::opsPerSecond).sorted().toList();
    Map<String, String> all = new LinkedHashMap<>(conditions);
    all.put("rounds", Integer.toString(rounds.size()));
    all.putAll(rounds.get(rounds.size() - 1).conditions());
    return new Result(
        workload.name(),
        system,
        workload.unit(),
        rounded(median(rates)),
        rounded(rates.get(0)),
        rounded(rates.get(rates.size() - 1)),
        median(rounds, Sample::p50Micros),
        median(rounds, Sample::p99Micros),
        all);
  }

  private static @Nullable Double median(
      List<Sample> rounds, Function<Sample, @Nullable Double> field) {
    List<Double> values =
        rounds.stream()
            .map(field)
            .filter(Objects::nonNull)
            .map(Objects::requireNonNull)
            .sorted(Comparator.naturalOrder())
            .toList();
    return values.isEmpty() ? null : rounded(median(values));
  }

  /** Of an even number of values, the mean of the two in the middle. */
  private static double median(List<Double> sorted) {
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  private static double rounded(double value) {
    return Math.round(value * 10) / 10.0;
  }
}
