package dev.plinth.benchmarks.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;

final class RunsTest {
  @Test
  void checkOnce_everyJobOnce_isContent() throws Exception {
    Runs runs = new Runs(3);
    runs.accept(2);
    runs.accept(0);
    runs.accept(1);

    runs.await();
    runs.checkOnce();

    assertThat(runs.firstNanos()).isNotZero();
  }

  @Test
  void checkOnce_aJobTwice_isRefused() {
    Runs runs = new Runs(2);
    runs.accept(0);
    runs.accept(1);
    runs.accept(1);

    assertThatIllegalStateException().isThrownBy(runs::checkOnce).withMessage("Job 1 ran 2 times");
  }

  @Test
  void checkOnce_aJobMissing_isRefused() {
    Runs runs = new Runs(2);
    runs.accept(0);

    assertThatIllegalStateException().isThrownBy(runs::checkOnce).withMessage("Job 1 ran 0 times");
  }

  @Test
  void checkMeasured_aJobTwice_isRefused() {
    Latencies latencies = new Latencies(1);
    latencies.accept(Latencies.nowMicros());
    latencies.accept(Latencies.nowMicros());

    assertThatIllegalStateException().isThrownBy(() -> latencies.checkMeasured(1));
  }

  @Test
  void checkMeasured_warmUp_doesNotCount() throws Exception {
    Latencies latencies = new Latencies(2);
    latencies.accept(-1);
    latencies.accept(Latencies.nowMicros());

    latencies.await();
    latencies.checkMeasured(1);
  }
}
