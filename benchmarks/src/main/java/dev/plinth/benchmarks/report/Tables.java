package dev.plinth.benchmarks.report;

import dev.plinth.benchmarks.Result;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Results as Markdown. */
final class Tables {
  private static final String HEAD =
      """
      | workload | system | per second (slowest–fastest round) | p50 | p99 | × best peer | × limit | aim | met |
      |---|---|---:|---:|---:|---:|---:|---|---|
      """;

  private final List<Comparison> comparisons;

  /** With the results in their order; those of one workload need not stand together. */
  Tables(List<Result> results) {
    Map<String, List<Result>> byWorkload = new LinkedHashMap<>();
    results.forEach(
        result ->
            byWorkload.computeIfAbsent(result.workload(), any -> new ArrayList<>()).add(result));
    this.comparisons = byWorkload.values().stream().map(Comparison::new).toList();
  }

  /** The table of all results. */
  String results() {
    return comparisons.stream()
        .flatMap(comparison -> comparison.results().stream().map(r -> row(comparison, r)))
        .collect(Collectors.joining("\n", HEAD, "\n"));
  }

  private static String row(Comparison comparison, Result result) {
    boolean plinth = Comparison.isPlinth(result);
    List<Aim> aims = plinth ? Aims.of(comparison.workload()) : List.of();
    return "| "
        + String.join(
            " | ",
            result.workload(),
            plinth ? "**" + result.system() + "**" : result.system(),
            rate(result),
            millis(result.p50Micros()),
            millis(result.p99Micros()),
            times(comparison, comparison.ratio(result, comparison.bestPeer())),
            times(comparison, comparison.ratio(result, comparison.limit())),
            aims.stream().map(Aim::text).collect(Collectors.joining("; ")),
            aims.stream().map(aim -> met(aim.isMet(comparison))).collect(Collectors.joining("; ")))
        + " |";
  }

  private static String rate(Result result) {
    return String.format(
        Locale.ROOT,
        "%,.0f %s (%,.0f–%,.0f)",
        result.opsPerSecond(),
        result.unit(),
        result.opsPerSecondMin(),
        result.opsPerSecondMax());
  }

  private static String millis(@Nullable Double micros) {
    return micros == null ? "" : String.format(Locale.ROOT, "%,.2f ms", micros / 1e3);
  }

  private static String times(Comparison comparison, Optional<Double> ratio) {
    return ratio
        .map(
            it ->
                String.format(Locale.ROOT, "%,.2f", it)
                    + (comparison.isByLatency() ? " (p50)" : ""))
        .orElse("");
  }

  private static String met(Optional<Boolean> met) {
    return met.map(it -> it ? "yes" : "**no**").orElse("not measured");
  }

  /** What all results have in common, one condition a line. */
  String conditions() {
    Map<String, Set<String>> values = new LinkedHashMap<>();
    all()
        .forEach(
            result ->
                result
                    .conditions()
                    .forEach(
                        (name, value) ->
                            values.computeIfAbsent(name, any -> new LinkedHashSet<>()).add(value)));
    long count = all().size();
    return values.entrySet().stream()
        .filter(entry -> entry.getValue().size() == 1)
        .filter(
            entry ->
                all().stream().filter(r -> r.conditions().containsKey(entry.getKey())).count()
                    == count)
        .map(entry -> "- " + entry.getKey() + ": " + entry.getValue().iterator().next())
        .collect(Collectors.joining("\n", "", "\n"));
  }

  /** What each workload was measured with: a line for each system's particular conditions. */
  String particulars() {
    Set<String> common =
        conditions()
            .lines()
            .map(line -> line.substring(2, line.indexOf(':')))
            .collect(Collectors.toSet());
    return all().stream()
        .map(
            result ->
                "- "
                    + result.workload()
                    + ", "
                    + result.system()
                    + ": "
                    + result.conditions().entrySet().stream()
                        .filter(entry -> !common.contains(entry.getKey()))
                        .map(entry -> entry.getKey() + " " + entry.getValue())
                        .collect(Collectors.joining(", ")))
        .collect(Collectors.joining("\n", "", "\n"));
  }

  private List<Result> all() {
    return comparisons.stream().flatMap(comparison -> comparison.results().stream()).toList();
  }
}
