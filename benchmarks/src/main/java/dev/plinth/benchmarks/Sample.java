package dev.plinth.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What one turn measured.
 *
 * @param opsPerSecond operations a second
 * @param p50Micros median time of an operation, in microseconds; null where none is measured
 * @param p99Micros its 99th percentile; null where none is measured
 * @param conditions what was particular to this system and workload, for the reader
 */
public record Sample(
    double opsPerSecond,
    @Nullable Double p50Micros,
    @Nullable Double p99Micros,
    Map<String, String> conditions) {
  /** Copies the conditions. */
  public Sample {
    conditions = new LinkedHashMap<>(conditions);
  }

  /** A rate alone. */
  public static Sample of(long operations, double seconds) {
    return new Sample(operations / seconds, null, null, Map.of());
  }

  /** The same with the percentiles of a histogram of nanoseconds. */
  public Sample latencies(Histogram nanos) {
    return new Sample(
        opsPerSecond,
        nanos.getValueAtPercentile(50) / 1e3,
        nanos.getValueAtPercentile(99) / 1e3,
        conditions);
  }

  /** The same with one more condition. */
  public Sample with(String name, Object value) {
    Map<String, String> more = new LinkedHashMap<>(conditions);
    more.put(name, value.toString());
    return new Sample(opsPerSecond, p50Micros, p99Micros, more);
  }
}
