package dev.plinth.jobs.internal;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The part of a statement that ends attempts by which it counts them: one row for each queue, type,
 * outcome and class of run time, in the same transaction, so that what is counted is what was
 * committed.
 */
final class Tally {
  /** Bounds of the classes of run time, in milliseconds: class n lies below bound n. */
  static final long[] RUN_MS = {
    10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000
  };

  private static final String TALLY =
      """
      INSERT INTO {schema}.job_count_deltas
        (ended_at, queue, type, outcome, run_class, attempts, run_ms, run_ms_max,
         waits, wait_ms, wait_ms_max)
      SELECT {now}, t.queue, t.type, t.outcome, width_bucket(t.run_ms, '{bounds}'::float8[]),
             count(*), sum(t.run_ms)::bigint, max(t.run_ms)::bigint,
             count(t.wait_ms), COALESCE(sum(t.wait_ms), 0)::bigint,
             COALESCE(max(t.wait_ms), 0)::bigint
      FROM (
        SELECT g.queue, g.type, {outcome} AS outcome,
               GREATEST(0, date_part('epoch', {now} - g.claimed_at) * 1000) AS run_ms,
               CASE WHEN g.attempt = 1 AND {due} IS NOT NULL
                 THEN GREATEST(0, date_part('epoch', g.claimed_at - {due}) * 1000)
               END AS wait_ms
        FROM {rows}
      ) t
      GROUP BY t.queue, t.type, t.outcome, width_bucket(t.run_ms, '{bounds}'::float8[])
      """;

  private static final String BOUNDS =
      Arrays.stream(RUN_MS).mapToObj(Long::toString).collect(Collectors.joining(",", "{", "}"));

  private Tally() {}

  /**
   * The body of a common table expression, still with <code>{schema}</code> and <code>{now}</code>.
   *
   * @param rows the leases that went, under the alias {@code g}: queue, type, claimed_at, attempt
   * @param outcome an expression for one of the words of {@code job_count_deltas.outcome}
   * @param due an expression for when the job was due, or {@code NULL::timestamptz}
   */
  static String of(String rows, String outcome, String due) {
    return TALLY
        .replace("{bounds}", BOUNDS)
        .replace("{rows}", rows)
        .replace("{outcome}", outcome)
        .replace("{due}", due);
  }
}
