package dev.plinth.jobs;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.TestDatabase;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;

/**
 * Not a test: whether a record full of ended jobs slows the queue. Drains the same number of no-op
 * jobs on an empty schema and on one that keeps ended jobs, in turns, on a durable server, and
 * prints both medians and their ratio. Ends with exit code 1 and a message when the ratio is below
 * {@value #LEAST_RATIO}, else with 0. {@code -Dplinth.kept=10000000} for the full setting; {@code
 * -Dplinth.kept.count} jobs a round, {@code -Dplinth.kept.rounds} rounds.
 */
final class KeptMillionsMeasurement {
  /** As a drained job leaves it: the record tells of the attempt. Spread over a month. */
  private static final String FILL =
      """
      INSERT INTO plinth.computational_jobs
        (id, type, job_version, queue, args, status, priority, max_attempts, created_at, started_at,
         completed_at, instance_id, epoch, attempt)
      SELECT overlay(
               overlay(gen_random_uuid()::text placing '7' from 15 for 1)
               placing substr(h.hex, 1, 8) || '-' || substr(h.hex, 9, 4) from 1 for 13)::uuid,
             'plain', 1, 'default', '{"value": 1}', 'completed', 0, 10, t.at, t.at, t.at,
             gen_random_uuid(), 1, 1
      FROM generate_series(?::bigint, ?::bigint) AS n
      CROSS JOIN LATERAL (
        SELECT date_trunc('month', now(), 'UTC')
                 + (now() - date_trunc('month', now(), 'UTC')) * (n::float8 / ?::float8) AS at
      ) t
      CROSS JOIN LATERAL (
        SELECT lpad(to_hex((extract(epoch FROM t.at) * 1000)::bigint), 12, '0') AS hex
      ) h
      """;

  private static final int CHUNK = 100_000;

  /** Of the rate with kept jobs to that without. */
  private static final double LEAST_RATIO = 0.8;

  private KeptMillionsMeasurement() {}

  /** Runs it. */
  public static void main(String[] args) throws InterruptedException {
    double ratio = measure(Long.getLong("plinth.kept", 200_000));
    if (ratio < LEAST_RATIO) {
      System.err.printf(
          "FAILED: beside kept jobs the queue runs at %.2f of its rate, which must be %.2f or more%n",
          ratio, LEAST_RATIO);
      System.exit(1);
    }
  }

  private static double measure(long kept) throws InterruptedException {
    int count = Integer.getInteger("plinth.kept.count", 20_000);
    int rounds = Integer.getInteger("plinth.kept.rounds", 5);
    try (TestDatabase empty = TestDatabase.create(true);
        TestDatabase filled = TestDatabase.create(true);
        Plinth without = empty.plinth(empty.pool(10)).build();
        Plinth with = filled.plinth(filled.pool(10)).build()) {
      without.migrations().migrate();
      with.migrations().migrate();
      fill(with, kept);
      List<Double> bare = new ArrayList<>();
      List<Double> full = new ArrayList<>();
      drain(without, count);
      drain(with, count);
      for (int round = 0; round < rounds; round++) {
        bare.add(drain(without, count));
        full.add(drain(with, count));
        System.out.printf(
            "round %d: empty %.0f/s, with %d kept %.0f/s%n",
            round + 1, bare.get(round), kept, full.get(round));
      }
      double ratio = median(full) / median(bare);
      System.out.printf(
          "median: empty %.0f/s, with %d kept %.0f/s, ratio %.2f%n",
          median(bare), kept, median(full), ratio);
      return ratio;
    }
  }

  private static void fill(Plinth plinth, long kept) {
    for (long from = 1; from <= kept; from += CHUNK) {
      long first = from;
      long last = Math.min(kept, from + CHUNK - 1);
      plinth.transact(tx -> Sql.update(tx.connection(), FILL, first, last, (double) kept));
    }
    plinth.transact(tx -> Sql.execute(tx.connection(), "ANALYZE plinth.computational_jobs"));
  }

  /** Jobs a second. */
  private static double drain(Plinth plinth, int count) throws InterruptedException {
    Jobs.create(plinth)
        .enqueueAll(
            Kinds.PLAIN,
            IntStream.range(0, count).mapToObj(Number::new).toList(),
            JobOptions.defaults());
    CountDownLatch left = new CountDownLatch(count);
    long begun = System.nanoTime();
    try (Jobs jobs =
        Jobs.builder(plinth)
            .handle(Kinds.PLAIN, (number, run) -> left.countDown())
            .workers(16)
            .build()) {
      jobs.start();
      left.await();
    }
    return count / ((System.nanoTime() - begun) / 1e9);
  }

  private static double median(List<Double> values) {
    List<Double> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    return sorted.get(sorted.size() / 2);
  }
}
