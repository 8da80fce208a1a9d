package dev.plinth.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.plinth.benchmarks.Result;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class ReportTest {
  @Test
  void results_plinthBesideTwoPeersAndLimit_comparesWithTheBestPeerAndTheLimit() {
    String table =
        table(
            rate("jobs.drain", "plinth", 30_000),
            rate("jobs.drain", "db-scheduler", 5_000),
            rate("jobs.drain", "quartz", 500),
            rate("jobs.drain", "limit", 75_000));

    assertThat(row(table, "**plinth**")).contains("| 6.00 | 0.40 |");
    assertThat(row(table, "quartz")).contains("| 0.10 | 0.01 |");
  }

  @Test
  void results_aims_standInPlinthsRowEachWithItsAnswer() {
    String table =
        table(
            rate("jobs.drain", "plinth", 30_000),
            rate("jobs.drain", "db-scheduler", 5_000),
            rate("jobs.drain", "limit", 75_000));

    assertThat(row(table, "**plinth**"))
        .endsWith("| ≥ 5 × best peer; ≥ 0.5 × limit | yes; **no** |");
    assertThat(row(table, "db-scheduler")).endsWith("|  |  |");
  }

  @Test
  void results_exactlyTheAim_isMet() {
    String table = table(rate("jobs.bulk", "plinth", 70), rate("jobs.bulk", "limit", 100));

    assertThat(row(table, "**plinth**")).endsWith("| yes |");
  }

  @Test
  void results_withoutTheOneToCompareWith_saysSo() {
    String table = table(rate("jobs.drain", "plinth", 30_000), rate("jobs.drain", "limit", 40_000));

    assertThat(row(table, "**plinth**")).endsWith("| not measured; yes |");
  }

  @Test
  void results_pickup_comparesMediansAndTheBestPeerIsTheQuickest() {
    String table =
        table(
            latency("plinth", 3_000, 11_000),
            latency("db-scheduler", 6_000, 12_000),
            latency("jobrunr", 2_500_000, 5_000_000),
            latency("limit", 2_000, 4_000));

    assertThat(row(table, "**plinth**"))
        .contains("| 3.00 ms | 11.00 ms | 0.50 (p50) | 1.50 (p50) |")
        .endsWith("| p50 ≤ 4 ms, p99 ≤ 12 ms | yes |");
  }

  @Test
  void results_pickupThatIsTooSlowInItsTail_isNotMet() {
    assertThat(row(table(latency("plinth", 3_000, 12_001)), "**plinth**")).endsWith("| **no** |");
  }

  @Test
  void results_workloadWithoutAim_isShownAllTheSame() {
    assertThat(row(table(rate("quota.hot", "plinth", 12)), "**plinth**")).endsWith("|  |  |");
  }

  @Test
  void document_conditions_commonOnesOnceOthersWithTheirSystem() {
    String document =
        Report.document(
            List.of(
                rate("jobs.drain", "plinth", 1, Map.of("fsync", "on", "version", "one")),
                rate("jobs.drain", "limit", 1, Map.of("fsync", "on", "version", "two"))));

    assertThat(document)
        .containsOnlyOnce("- fsync: on")
        .contains("- jobs.drain, plinth: version one")
        .contains("- jobs.drain, limit: version two");
  }

  @Test
  void read_nothing_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Report.read(List.of("", " ")))
        .withMessageContaining("benchmarks/run");
  }

  private static String table(Result... results) {
    return new Tables(List.of(results)).results();
  }

  private static String row(String table, String system) {
    return table
        .lines()
        .filter(line -> line.contains("| " + system + " |"))
        .findFirst()
        .orElseThrow();
  }

  private static Result rate(String workload, String system, double rate) {
    return rate(workload, system, rate, Map.of());
  }

  private static Result rate(
      String workload, String system, double rate, Map<String, String> conditions) {
    return result(workload, system, rate, null, null, conditions);
  }

  private static Result latency(String system, double p50, double p99) {
    return result("jobs.pickup", system, 20, p50, p99, Map.of());
  }

  private static Result result(
      String workload,
      String system,
      double rate,
      @Nullable Double p50,
      @Nullable Double p99,
      Map<String, String> conditions) {
    return new Result(workload, system, "jobs", rate, rate, rate, p50, p99, conditions);
  }
}
