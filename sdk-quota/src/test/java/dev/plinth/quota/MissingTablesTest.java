package dev.plinth.quota;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.plinth.core.Plinth;
import dev.plinth.core.tx.DatabaseException;
import dev.plinth.test.PlinthTest;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

@PlinthTest
class MissingTablesTest {
  @Test
  void query_beforeMigrate_failsAsPlinthAndSaysWhatToDo(DataSource dataSource) {
    try (Plinth elsewhere = Plinth.builder().dataSource(dataSource).schema("elsewhere").build();
        Quotas opened = Quotas.create(elsewhere)) {
      assertThatExceptionOfType(DatabaseException.class)
          .isThrownBy(() -> opened.violations(UUID.randomUUID(), null, 10))
          .withMessageContaining("run plinth.migrations().migrate() first")
          .withMessageNotContaining("select");
    }
  }
}
