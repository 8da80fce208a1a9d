package dev.plinth.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.plinth.benchmarks.jobs.Drain;
import dev.plinth.benchmarks.jobs.Pinned;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

final class TurnsTest {
  private static final Sizes THREE_ROUNDS = new Sizes(3, 200, 100, 4, 2, 10, 1, 1, 1, 3);

  private final List<String> taken = new ArrayList<>();
  private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

  private Turns turns(Turns.Taking taking) {
    return new Turns(
        THREE_ROUNDS,
        new PrintStream(progress, true, StandardCharsets.UTF_8),
        (workload, system) -> {
          taken.add(system);
          return taking.take(workload, system);
        },
        () -> Map.of("fsync", "on"));
  }

  private static Sample rate(long rate) {
    return Sample.of(rate, 1).with("version", "of round with " + rate);
  }

  @Test
  void take_severalRounds_eachGivesEverySystemOneTurn() {
    turns((workload, system) -> rate(1)).take(new Drain(), List.of("plinth", "quartz", "limit"));

    assertThat(taken)
        .containsExactly(
            "plinth", "quartz", "limit", "plinth", "quartz", "limit", "plinth", "quartz", "limit");
    assertThat(progress.toString(StandardCharsets.UTF_8).lines())
        .hasSize(9)
        .startsWith("jobs.drain, round 1 of 3: plinth … 1 jobs/s")
        .endsWith("jobs.drain, round 3 of 3: limit … 1 jobs/s");
  }

  @Test
  void take_rounds_resultIsTheirMedianWithTheSlowestAndTheFastest() {
    Map<String, Deque<Long>> rates =
        Map.of(
            "plinth", new ArrayDeque<>(List.of(300L, 100L, 110L)),
            "limit", new ArrayDeque<>(List.of(500L, 900L, 700L)));

    List<Result> results =
        turns((workload, system) -> rate(rates.get(system).remove()))
            .take(new Drain(), List.of("plinth", "limit"));

    assertThat(results)
        .extracting(
            Result::workload,
            Result::system,
            Result::opsPerSecond,
            Result::opsPerSecondMin,
            Result::opsPerSecondMax)
        .containsExactly(
            tuple("jobs.drain", "plinth", 110.0, 100.0, 300.0),
            tuple("jobs.drain", "limit", 700.0, 500.0, 900.0));
    assertThat(results.get(0).conditions())
        .containsEntry("fsync", "on")
        .containsEntry("rounds", "3")
        .containsEntry("version", "of round with 110");
  }

  @Test
  void take_roundsWithLatencies_resultHasTheMedianOfEachPercentile() {
    Deque<Long> micros = new ArrayDeque<>(List.of(900L, 100L, 300L));

    List<Result> results =
        turns(
                (workload, system) -> {
                  Histogram histogram = new Histogram(3);
                  histogram.recordValue(micros.remove() * 1_000);
                  return rate(20).latencies(histogram);
                })
            .take(new Drain(), List.of("plinth"));

    assertThat(results.get(0).p50Micros()).isBetween(299.0, 301.0);
    assertThat(results.get(0).p99Micros()).isBetween(299.0, 301.0);
  }

  @Test
  void take_workloadOfOneRound_givesEachSystemOneTurn() {
    List<Result> results =
        turns((workload, system) -> rate(5)).take(new Pinned(), List.of("plinth", "limit"));

    assertThat(taken).containsExactly("plinth", "limit");
    assertThat(results).extracting(Result::opsPerSecond).containsExactly(5.0, 5.0);
  }

  @Test
  void take_systemFails_hasNoFurtherTurnAndNoResult_theOthersDo() {
    Turns turns =
        turns(
            (workload, system) -> {
              if (system.equals("quartz") && taken.size() > 3) {
                throw new IllegalStateException("2 jobs are still unfinished");
              }
              return rate(7);
            });

    List<Result> results = turns.take(new Drain(), List.of("plinth", "quartz", "limit"));

    assertThat(taken)
        .containsExactly(
            "plinth", "quartz", "limit", "plinth", "quartz", "limit", "plinth", "limit");
    assertThat(results).extracting(Result::system).containsExactly("plinth", "limit");
    assertThat(turns.haveFailed()).isTrue();
    assertThat(progress.toString(StandardCharsets.UTF_8))
        .contains("quartz … FAILED: 2 jobs are still unfinished");
  }

  @Test
  void take_nothingFails_haveNotFailed() {
    Turns turns = turns((workload, system) -> rate(7));

    turns.take(new Drain(), List.of("plinth"));

    assertThat(turns.haveFailed()).isFalse();
  }
}
