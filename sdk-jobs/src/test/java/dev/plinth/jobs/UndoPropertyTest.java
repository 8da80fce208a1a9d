package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.jobs.internal.JobsModule;
import dev.plinth.test.MigrationProperties;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

class UndoPropertyTest {
  @Property(tries = 2, shrinking = ShrinkingMode.OFF)
  void jobs_everyVersionUndoneAndDoneAgainWithRows_isTheSame(@ForAll long seed) {
    Map<String, Integer> filled =
        MigrationProperties.of(List.of(new JobsModule()), "jobs").check(seed);

    assertThat(filled.get("computational_jobs")).as("computational_jobs: %s", filled).isPositive();
  }
}
