package dev.plinth.jobs;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;

/**
 * Not a test: how many no-op jobs a second 16 workers drain on a durable server, every job and
 * attempt recorded. Run by hand with the number of jobs and of rounds.
 */
final class DrainMeasurement {
  private DrainMeasurement() {}

  public static void main(String[] args) throws InterruptedException {
    int count = args.length > 0 ? Integer.parseInt(args[0]) : 20_000;
    int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
    try (TestDatabase database = TestDatabase.create(true);
        Plinth plinth = database.plinth(database.pool(10)).build()) {
      plinth.migrations().migrate();
      Jobs producer = Jobs.create(plinth);
      for (int round = 0; round < rounds; round++) {
        long enqueuing = System.nanoTime();
        producer.enqueueAll(
            Kinds.PLAIN,
            IntStream.range(0, count).mapToObj(Number::new).toList(),
            JobOptions.defaults());
        double enqueued = (System.nanoTime() - enqueuing) / 1e9;
        CountDownLatch left = new CountDownLatch(count);
        long draining = System.nanoTime();
        try (Jobs jobs =
            Jobs.builder(plinth)
                .handle(Kinds.PLAIN, (number, run) -> left.countDown())
                .workers(16)
                .gracePeriod(Duration.ofSeconds(30))
                .build()) {
          jobs.start();
          left.await();
        }
        double drained = (System.nanoTime() - draining) / 1e9;
        String fsync =
            plinth.transactReturning(
                tx -> Sql.query(tx.connection(), "SHOW fsync", row -> row.getString(1)).get(0));
        System.out.printf(
            Locale.ROOT,
            "fsync=%s enqueue %.0f jobs/s, drain %.0f jobs/s (until every end is durable)%n",
            fsync,
            count / enqueued,
            count / drained);
      }
      System.out.println("faults: " + producer.check());
    }
  }
}
