package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import java.time.Duration;
import org.junit.jupiter.api.Test;

@PlinthTest(schema = "my Jobs")
class QuotedSchemaTest {
  @Test
  void everything_inASchemaThatNeedsQuotes_works(Plinth plinth) {
    try (Jobs jobs =
        Jobs.builder(plinth)
            .handle(
                Kinds.FLAKY,
                (args, run) -> {
                  run.progress(1, 2, "half");
                  plinth.transact(tx -> run.fence(tx.connection()));
                  throw new IllegalStateException("no");
                })
            .handle(Kinds.PLAIN, (args, run) -> plinth.transact(run::completeIn))
            .pollInterval(Duration.ofMillis(50))
            .build()) {
      jobs.start();
      BatchId batch = jobs.batch("b").onCompletion(Kinds.PLAIN, new Number(2)).create();
      JobId failing =
          jobs.enqueue(
              Kinds.FLAKY, new Number(1), JobOptions.defaults().batch(batch).maxAttempts(1));
      jobs.enqueue(
          Kinds.PLAIN,
          new Number(1),
          JobOptions.defaults().batch(batch).delay(Duration.ofMillis(1)));
      jobs.seal(batch);

      await().until(() -> jobs.batch(batch).orElseThrow().isFinished());
      assertThat(jobs.retry(JobId.of(jobs.batch(batch).orElseThrow().callback().toString())))
          .isFalse();
      assertThat(jobs.list(JobFilter.all().status(JobStatus.FAILED), Page.first(5)))
          .extracting(Job::id)
          .containsExactly(failing);
      assertThat(jobs.check()).isEmpty();
    }
  }
}
