package dev.plinth.benchmarks.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.benchmarks.Sample;
import dev.plinth.benchmarks.Sizes;
import dev.plinth.benchmarks.Turn;
import dev.plinth.test.TestDatabase;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every system once through each kind of workload: they check themselves that the work was done.
 */
final class JobWorkloadsTest {
  private static final Sizes SMALL = new Sizes(1, 200, 100, 4, 2, 10, 1, 1, 1, 3);

  @ParameterizedTest
  @ValueSource(strings = {"plinth", "db-scheduler", "jobrunr", "quartz", "limit"})
  void drain_everySystem_runsEveryJob(String system) throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      Sample sample = new Drain().measure(system, new Turn(database.url(), SMALL));

      assertThat(sample.opsPerSecond()).isPositive();
      assertThat(sample.conditions()).containsKeys("version", "jobs", "workers", "pool");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plinth", "db-scheduler", "jobrunr", "quartz", "limit"})
  void single_everySystem_enqueuesWhatItCounts(String system) throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      Sample sample = new Single().measure(system, new Turn(database.url(), SMALL));

      assertThat(sample.p50Micros()).isNotNull().isPositive();
      assertThat(sample.p99Micros()).isGreaterThanOrEqualTo(sample.p50Micros());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plinth", "db-scheduler", "jobrunr", "quartz", "limit"})
  void bulk_everySystem_enqueuesEveryJob(String system) throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      Sample sample = new Bulk().measure(system, new Turn(database.url(), SMALL));

      assertThat(sample.opsPerSecond()).isPositive();
      assertThat(sample.conditions())
          .containsEntry("jobs", system.equals("quartz") ? "20" : "200")
          .containsKeys("version", "pool", "warm_up_jobs");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plinth", "db-scheduler", "jobrunr", "quartz", "limit"})
  void pickup_everySystem_tellsHowLateItsHandlersBegin(String system) throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      Sample sample = new Pickup().measure(system, new Turn(database.url(), SMALL));

      assertThat(sample.p50Micros()).isNotNull().isPositive();
      assertThat(sample.p99Micros()).isGreaterThanOrEqualTo(sample.p50Micros());
      assertThat(sample.conditions()).containsEntry("jobs", "20").containsEntry("per_second", "20");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plinth", "db-scheduler", "jobrunr", "quartz", "limit"})
  void pinned_everySystem_losesNoJob(String system) throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      Sample sample = new Pinned().measure(system, new Turn(database.url(), SMALL));

      assertThat(sample.conditions())
          .containsEntry("pinned", Boolean.toString(!system.equals("limit")));
    }
  }
}
