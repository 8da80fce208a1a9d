package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** How much memory a worker process needs, however many jobs there are. */
@Tag("proof")
@PlinthTest
class MemoryTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int JOBS = LARGE ? 500_000 : 20_000;
  private static final int MORE = 50_000;
  private static final int AT_ONCE = 5_000;
  private static final String DONE = "done";

  /** It runs with half of this, too. */
  private static final String HEAP = "-Xmx32m";

  /** Drains what there is, then enqueues more. */
  static final class Worker {
    public static void main(String[] args) throws InterruptedException {
      TestDatabase database = TestDatabase.attach(args[0]);
      CountDownLatch left = new CountDownLatch(Integer.parseInt(args[1]));
      try (HikariDataSource pool = database.pool(5);
          Plinth plinth = database.plinth(pool).build();
          Jobs jobs =
              Jobs.builder(plinth)
                  .handle(Kinds.PLAIN, (number, run) -> left.countDown())
                  .workers(64)
                  .pollInterval(Duration.ofMillis(100))
                  .gracePeriod(Duration.ofSeconds(30))
                  .build()) {
        plinth.start();
        jobs.start();
        for (long now = left.getCount(); now > 0; now = left.getCount()) {
          ForkedJvm.report(now + " left");
          left.await(10, TimeUnit.SECONDS);
        }
        for (int enqueued = 0; enqueued < MORE; enqueued += AT_ONCE) {
          MemoryTest.enqueue(jobs, Kinds.OTHER);
          ForkedJvm.report(enqueued + " enqueued");
        }
      }
      ForkedJvm.report(DONE);
    }
  }

  private static void enqueue(Jobs jobs, JobType<Number> type) {
    jobs.enqueueAll(
        type, IntStream.range(0, AT_ONCE).mapToObj(Number::new).toList(), JobOptions.defaults());
  }

  @Test
  void worker_smallHeap_drainsAndEnqueuesAnyNumber(Jobs jobs, TestDatabase database) {
    for (int enqueued = 0; enqueued < JOBS; enqueued += AT_ONCE) {
      enqueue(jobs, Kinds.PLAIN);
    }

    List<String> options = List.of(HEAP, "-XX:+ExitOnOutOfMemoryError");
    try (ForkedJvm worker =
        ForkedJvm.start(Worker.class, options, database.url(), Integer.toString(JOBS))) {
      // It says how far it is, so that only standing still is a failure.
      String said = worker.await("");
      while (!said.equals(DONE)) {
        said = worker.await("");
      }
      assertThat(worker.waitFor()).isZero();
    }
    JobStatistics statistics = jobs.statistics();
    assertThat(statistics.queue("default").orElseThrow().lastHour().completed()).isEqualTo(JOBS);
    assertThat(jobs.list(JobFilter.all().status(JobStatus.READY), Page.first(1))).hasSize(1);
    assertThat(jobs.check()).isEmpty();
  }
}
