package dev.plinth.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.plinth.benchmarks.jobs.Single;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

final class ResultTest {
  private static final Workload WORKLOAD = new Single();

  @Test
  void write_result_hasExactlyTheFieldsOfTheContractInTheirOrder() throws Exception {
    Result result =
        Result.of(WORKLOAD, "plinth", List.of(Sample.of(100, 2)), Map.of("fsync", "on"));

    JsonNode line = new ObjectMapper().readTree(Lines.write(result));

    assertThat(line.fieldNames())
        .toIterable()
        .containsExactly(
            "workload",
            "system",
            "unit",
            "ops_s",
            "ops_s_min",
            "ops_s_max",
            "p50_us",
            "p99_us",
            "conditions");
    assertThat(line.get("workload").asText()).isEqualTo("jobs.single");
    assertThat(line.get("unit").asText()).isEqualTo("jobs");
    assertThat(line.get("ops_s").isNumber()).isTrue();
    assertThat(line.get("p50_us").isNull()).isTrue();
    assertThat(line.get("conditions").get("fsync").asText()).isEqualTo("on");
  }

  @Test
  void write_result_isOneLineThatReadsBackAsTheSame() {
    Result result =
        Result.of(WORKLOAD, "limit", List.of(Sample.of(1, 3)), Map.of("said", "two\nlines"));

    String line = Lines.write(result);

    assertThat(line).doesNotContain("\n");
    assertThat(Lines.read(line, Result.class)).isEqualTo(result);
  }

  @Test
  void of_threeRounds_takesMedianSlowestAndFastest() {
    Result result =
        Result.of(
            WORKLOAD,
            "plinth",
            List.of(Sample.of(300, 1), Sample.of(100, 1), Sample.of(200, 1)),
            Map.of());

    assertThat(result.opsPerSecond()).isEqualTo(200);
    assertThat(result.opsPerSecondMin()).isEqualTo(100);
    assertThat(result.opsPerSecondMax()).isEqualTo(300);
    assertThat(result.conditions()).containsEntry("rounds", "3");
  }

  @Test
  void of_twoRounds_takesTheMeanOfBothAsMedian() {
    Result result =
        Result.of(WORKLOAD, "plinth", List.of(Sample.of(300, 1), Sample.of(100, 1)), Map.of());

    assertThat(result.opsPerSecond()).isEqualTo(200);
  }

  @Test
  void of_roundsWithLatencies_takesTheMedianOfEachPercentile() {
    Histogram histogram = new Histogram(3);
    histogram.recordValue(2_000_000);

    Result result =
        Result.of(WORKLOAD, "plinth", List.of(Sample.of(1, 1).latencies(histogram)), Map.of());

    assertThat(result.p50Micros()).isBetween(1_990.0, 2_010.0);
    assertThat(result.p99Micros()).isBetween(1_990.0, 2_010.0);
  }

  @Test
  void of_conditionsOfTheSample_standBesideThoseOfTheServer() {
    Result result =
        Result.of(
            WORKLOAD,
            "plinth",
            List.of(Sample.of(1, 1).with("workers", 16)),
            Map.of("fsync", "on"));

    assertThat(result.conditions()).containsEntry("workers", "16").containsEntry("fsync", "on");
  }

  @Test
  void read_lineWithAnotherField_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Lines.read("{\"wrkload\": \"x\"}", Result.class))
        .withMessageContaining("wrkload");
  }
}
