package dev.plinth.benchmarks.report;

import dev.plinth.benchmarks.Result;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is aimed at for Plinth in one workload. */
sealed interface Aim {
  /** In words, for the table. */
  String text();

  /** Whether it was reached; empty when what it is compared with was not measured. */
  Optional<Boolean> isMet(Comparison comparison);

  /** So many times the best peer's rate, or more. */
  record OfBestPeer(double least) implements Aim {
    @Override
    public String text() {
      return "≥ " + number(least) + " × best peer";
    }

    @Override
    public Optional<Boolean> isMet(Comparison comparison) {
      return reaches(comparison, comparison.bestPeer(), least);
    }
  }

  /** So many times the limit's rate, or more. */
  record OfLimit(double least) implements Aim {
    @Override
    public String text() {
      return "≥ " + number(least) + " × limit";
    }

    @Override
    public Optional<Boolean> isMet(Comparison comparison) {
      return reaches(comparison, comparison.limit(), least);
    }
  }

  /** A median and a 99th percentile, in milliseconds, or less. */
  record Latency(double p50, double p99) implements Aim {
    @Override
    public String text() {
      return "p50 ≤ " + number(p50) + " ms, p99 ≤ " + number(p99) + " ms";
    }

    @Override
    public Optional<Boolean> isMet(Comparison comparison) {
      return comparison
          .plinth()
          .map(plinth -> atMost(plinth.p50Micros(), p50) && atMost(plinth.p99Micros(), p99));
    }
  }

  private static Optional<Boolean> reaches(
      Comparison comparison, Optional<Result> other, double least) {
    return comparison
        .plinth()
        .flatMap(plinth -> comparison.ratio(plinth, other))
        .map(ratio -> ratio >= least);
  }

  private static boolean atMost(@Nullable Double micros, double millis) {
    return micros != null && micros <= millis * 1_000;
  }

  private static String number(double value) {
    return value == Math.rint(value)
        ? Long.toString((long) value)
        : String.format(Locale.ROOT, "%.1f", value);
  }
}
