package dev.plinth.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.time.Duration;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** Runs classes as a build with parallel execution does. */
class ParallelTest {
  private static final CyclicBarrier BOTH = new CyclicBarrier(2);

  abstract static class MeetsAnotherClass {
    private static void meet() throws Exception {
      BOTH.await(60, TimeUnit.SECONDS);
    }

    @RepeatedTest(3)
    void test_whileAnotherClassRuns_hasItsOwnTablesAndClock(Kit kit, SettableClock clock)
        throws Exception {
      meet();
      assertThat(kit.texts("SELECT kind FROM {schema}.entries")).isEmpty();
      assertThat(clock.offset()).isZero();
      kit.add(getClass().getSimpleName());
      clock.advance(Duration.ofDays(1));
      meet();
      assertThat(kit.texts("SELECT kind FROM {schema}.entries"))
          .containsExactly(getClass().getSimpleName());
    }
  }

  @PlinthTest(customizer = Kit.Customizer.class)
  static final class First extends MeetsAnotherClass {}

  @PlinthTest(customizer = Kit.Customizer.class)
  static final class Second extends MeetsAnotherClass {}

  @PlinthTest(customizer = Kit.Customizer.class)
  static final class OneAtATime {
    private static final AtomicInteger RUNNING = new AtomicInteger();

    @RepeatedTest(4)
    void test_ofTheSameClass_runsAlone(Kit kit) {
      assertThat(RUNNING.incrementAndGet()).isEqualTo(1);
      assertThat(kit.texts("SELECT kind FROM {schema}.entries")).isEmpty();
      kit.add("mine");
      assertThat(kit.texts("SELECT kind FROM {schema}.entries")).containsExactly("mine");
      RUNNING.decrementAndGet();
    }
  }

  @Test
  void classes_inParallel_runAtTheSameTimeAndApart() {
    TestExecutionSummary summary = run(First.class, Second.class);

    assertThat(summary.getFailures()).extracting(failure -> failure.getException()).isEmpty();
    assertThat(summary.getTestsSucceededCount()).isEqualTo(6);
  }

  @Test
  void testsOfOneClass_inParallel_runOneAfterAnother() {
    TestExecutionSummary summary = run(OneAtATime.class);

    assertThat(summary.getFailures()).extracting(failure -> failure.getException()).isEmpty();
    assertThat(summary.getTestsSucceededCount()).isEqualTo(4);
  }

  private static TestExecutionSummary run(Class<?>... classes) {
    LauncherDiscoveryRequestBuilder builder =
        LauncherDiscoveryRequestBuilder.request()
            .configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
            .configurationParameter("junit.jupiter.execution.parallel.mode.default", "concurrent")
            .configurationParameter("junit.jupiter.execution.parallel.config.strategy", "fixed")
            .configurationParameter(
                "junit.jupiter.execution.parallel.config.fixed.parallelism", "4");
    for (Class<?> type : classes) {
      builder.selectors(selectClass(type));
    }
    LauncherDiscoveryRequest request = builder.build();
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    LauncherFactory.create().execute(request, listener);
    return listener.getSummary();
  }
}
