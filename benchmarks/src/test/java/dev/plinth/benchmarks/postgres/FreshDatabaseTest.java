package dev.plinth.benchmarks.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class FreshDatabaseTest {
  @Test
  void withDatabase_addressWithOptions_changesTheDatabaseAlone() {
    assertThat(
            FreshDatabase.withDatabase(
                "jdbc:postgresql://localhost:5432/postgres?user=me&password=a%26b", "other"))
        .isEqualTo("jdbc:postgresql://localhost:5432/other?user=me&password=a%26b");
  }

  @Test
  void withDatabase_addressWithoutOptions_changesTheDatabaseAlone() {
    assertThat(FreshDatabase.withDatabase("jdbc:postgresql://host/postgres", "other"))
        .isEqualTo("jdbc:postgresql://host/other");
  }
}
