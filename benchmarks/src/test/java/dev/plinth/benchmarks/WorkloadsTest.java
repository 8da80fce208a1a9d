package dev.plinth.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

final class WorkloadsTest {
  @Test
  void named_none_areAll() {
    assertThat(Workloads.named(List.of()))
        .extracting(Workload::name)
        .contains(
            "jobs.drain",
            "jobs.bulk",
            "jobs.single",
            "jobs.pickup",
            "jobs.pinned",
            "core.session",
            "core.apikey");
  }

  @Test
  void named_some_areThoseInTheOrderAskedFor() {
    assertThat(Workloads.named(List.of("jobs.single", "jobs.drain")))
        .extracting(Workload::name)
        .containsExactly("jobs.single", "jobs.drain");
  }

  @Test
  void named_unknown_isRefusedWithTheList() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Workloads.named(List.of("jobs.drain", "jobs.drian")))
        .withMessageContaining("'jobs.drian'")
        .withMessageContaining("jobs.drain: plinth, db-scheduler, jobrunr, quartz, limit");
  }

  @Test
  void systems_everyWorkload_haveDistinctNamesWithPlinthFirst() {
    assertThat(Workloads.named(List.of()))
        .allSatisfy(
            workload ->
                assertThat(workload.systems()).doesNotHaveDuplicates().startsWith("plinth"));
  }

  @Test
  void sizes_nonsense_areRefusedByTheirOption() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Sizes(0, 1000, 100, 16, 8, 20, 8, 2, 8, 60))
        .withMessage("rounds must be at least 1, but is 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Sizes(3, 1000, 100, 16, 8, 20, 8, 2, 8, 2))
        .withMessage("pinned-seconds must be at least 3, but is 2");
  }
}
