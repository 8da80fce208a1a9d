package dev.plinth.jobs.internal;

import dev.plinth.jobs.Throughput;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** Sums of counted attempts while they are read. */
final class Counted {
  private final Map<String, Long> byOutcome = new HashMap<>();
  private final long[] byClass = new long[Tally.RUN_MS.length + 1];
  private long runs;
  private long runMs;
  private long runMsMax;
  private long waits;
  private long waitMs;
  private long waitMsMax;

  /** One row: outcome, run_class and the sums. */
  record Row(
      String outcome,
      int runClass,
      long attempts,
      long runMs,
      long runMsMax,
      long waits,
      long waitMs,
      long waitMsMax) {
    static Row of(ResultSet row) throws SQLException {
      return new Row(
          row.getString("outcome"),
          row.getInt("run_class"),
          row.getLong("attempts"),
          row.getLong("run_ms"),
          row.getLong("run_ms_max"),
          row.getLong("waits"),
          row.getLong("wait_ms"),
          row.getLong("wait_ms_max"));
    }
  }

  void add(Row row) {
    byOutcome.merge(row.outcome(), row.attempts(), Long::sum);
    if (!row.outcome().equals("lost")) {
      byClass[row.runClass()] += row.attempts();
      runs += row.attempts();
      runMs += row.runMs();
      runMsMax = Math.max(runMsMax, row.runMsMax());
    }
    waits += row.waits();
    waitMs += row.waitMs();
    waitMsMax = Math.max(waitMsMax, row.waitMsMax());
  }

  Throughput over(Duration window) {
    return new Throughput(
        window,
        of("completed"),
        of("failed"),
        of("cancelled"),
        of("retried"),
        of("lost"),
        of("snoozed"),
        mean(runMs, runs),
        percentile(50),
        percentile(95),
        percentile(99),
        Duration.ofMillis(runMsMax),
        mean(waitMs, waits),
        Duration.ofMillis(waitMsMax));
  }

  private long of(String outcome) {
    return byOutcome.getOrDefault(outcome, 0L);
  }

  private static Duration mean(long millis, long of) {
    return of == 0 ? Duration.ZERO : Duration.ofMillis(Math.round((double) millis / of));
  }

  private Duration percentile(int percent) {
    long wanted = (runs * percent + 99) / 100;
    long so = 0;
    for (int i = 0; i < Tally.RUN_MS.length && runs > 0; i++) {
      so += byClass[i];
      if (so >= wanted) {
        return Duration.ofMillis(Math.min(Tally.RUN_MS[i], runMsMax));
      }
    }
    return Duration.ofMillis(runMsMax);
  }
}
