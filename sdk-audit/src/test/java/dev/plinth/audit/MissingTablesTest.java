package dev.plinth.audit;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.plinth.core.Plinth;
import dev.plinth.core.tx.DatabaseException;
import dev.plinth.test.PlinthTest;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

@PlinthTest
class MissingTablesTest {
  @Test
  void query_beforeMigrate_failsAsPlinthAndSaysWhatToDo(DataSource dataSource) {
    try (Plinth elsewhere = Plinth.builder().dataSource(dataSource).schema("elsewhere").build();
        AuditLog opened = AuditLog.create(elsewhere)) {
      assertThatExceptionOfType(DatabaseException.class)
          .isThrownBy(() -> opened.history("order", "o-1", PageRequest.first(10)))
          .withMessageContaining("run plinth.migrations().migrate() first")
          .withMessageNotContaining("select");
    }
  }
}
