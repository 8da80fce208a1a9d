package dev.plinth.benchmarks.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.plinth.test.TestDatabase;
import org.junit.jupiter.api.Test;

final class ConditionsTest {
  @Test
  void of_durableServer_tellsThatItIs() throws Exception {
    try (TestDatabase database = TestDatabase.create(true)) {
      assertThat(Conditions.of(database.url()))
          .containsEntry("fsync", "on")
          .containsEntry("synchronous_commit", "on")
          .containsEntry("full_page_writes", "on")
          .containsKeys("postgres", "java", "cores");
    }
  }

  @Test
  void of_sessionThatDoesNotWaitForItsCommits_isRefused() {
    try (TestDatabase database = TestDatabase.create(true)) {
      String url = database.url() + "&options=-c%20synchronous_commit=off";

      assertThatIllegalStateException()
          .isThrownBy(() -> Conditions.of(url))
          .withMessageContaining("synchronous_commit on, but it is off");
    }
  }
}
