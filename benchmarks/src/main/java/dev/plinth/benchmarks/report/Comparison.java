package dev.plinth.benchmarks.report;

import dev.plinth.benchmarks.Result;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The results of one workload beside one another. Where a latency is measured at a given rate, the
 * rate says nothing and medians are compared instead; that is so for {@code jobs.pickup}.
 */
final class Comparison {
  private static final String PLINTH = "plinth";
  private static final String LIMIT = "limit";
  private static final List<String> BY_LATENCY = List.of("jobs.pickup");

  private final List<Result> results;

  /** With the results of one workload; there is at least one. */
  Comparison(List<Result> results) {
    this.results = List.copyOf(results);
  }

  String workload() {
    return results.get(0).workload();
  }

  List<Result> results() {
    return results;
  }

  /** True when less is better. */
  boolean isByLatency() {
    return BY_LATENCY.contains(workload());
  }

  Optional<Result> plinth() {
    return results.stream().filter(Comparison::isPlinth).findFirst();
  }

  static boolean isPlinth(Result result) {
    return result.system().startsWith(PLINTH);
  }

  private static boolean isLimit(Result result) {
    return result.system().startsWith(LIMIT);
  }

  /** The fastest system that is neither Plinth nor a limit. */
  Optional<Result> bestPeer() {
    return best(results.stream().filter(r -> !isPlinth(r) && !isLimit(r)).toList());
  }

  /** The limit; the fastest where there are several. */
  Optional<Result> limit() {
    return best(results.stream().filter(Comparison::isLimit).toList());
  }

  private Optional<Result> best(List<Result> among) {
    Comparator<Result> byMeasure = Comparator.comparingDouble(this::measure);
    return among.stream().max(isByLatency() ? byMeasure.reversed() : byMeasure);
  }

  /** What is compared: operations a second, or microseconds. */
  double measure(Result result) {
    Double latency = result.p50Micros();
    return isByLatency() && latency != null ? latency : result.opsPerSecond();
  }

  /** How many times the other's measure it is; empty when there is no other. */
  Optional<Double> ratio(Result result, Optional<Result> other) {
    return other.map(it -> measure(result) / measure(it));
  }
}
