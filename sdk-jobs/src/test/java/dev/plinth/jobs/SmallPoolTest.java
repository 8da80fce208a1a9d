package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Three connections and 64 workers that all want one at a time: nothing waits for itself. */
@Tag("proof")
@PlinthTest
class SmallPoolTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int JOBS = LARGE ? 20_000 : 600;

  @Test
  void poolOfThree_sixtyFourWorkersFencingReportingAndCompleting_endsEveryJob(
      Plinth plinth, Jobs inspect, TestDatabase database) throws Exception {
    Effects.create(plinth);
    CountDownLatch allAtWork = new CountDownLatch(64);
    HikariDataSource pool = database.pool(3);
    try (Plinth small = database.plinth(pool).build();
        Jobs jobs =
            Jobs.builder(small)
                .workers(64)
                .pollInterval(Duration.ofMillis(50))
                .handle(
                    Effects.EXACT,
                    (args, run) -> {
                      allAtWork.countDown();
                      // Not before all of them want a connection at once.
                      allAtWork.await();
                      run.progress(1, 3, "before");
                      small.transact(
                          tx -> {
                            run.fence(tx.connection());
                            run.progress(2, 3, "within");
                            Sql.update(
                                tx.connection(),
                                "INSERT INTO effects VALUES (?, ?)",
                                run.id().value(),
                                run.epoch());
                            run.completeIn(tx);
                          });
                      run.isCancelled();
                    })
                .handle(
                    Effects.FENCED,
                    (args, run) -> {
                      run.progress(1, 2, "before");
                      small.transact(
                          tx -> {
                            run.fence(tx.connection());
                            Sql.update(
                                tx.connection(),
                                "INSERT INTO effects VALUES (?, ?)",
                                run.id().value(),
                                run.epoch());
                          });
                      run.progress(2, 2, "after");
                    })
                .build()) {
      inspect.enqueueAll(Effects.EXACT, Effects.numbers(JOBS / 2), JobOptions.defaults());
      inspect.enqueueAll(Effects.FENCED, Effects.numbers(JOBS / 2), JobOptions.defaults());
      jobs.start();
      assertThat(allAtWork.await(60, TimeUnit.SECONDS)).isTrue();
      await().atMost(Duration.ofMinutes(3)).until(() -> Effects.pending(plinth) == 0);
      // None was taken and not given back.
      await().until(() -> pool.getHikariPoolMXBean().getThreadsAwaitingConnection() == 0);
    }
    Effects.areRight(plinth, inspect, JOBS);
  }
}
