package dev.plinth.core.tx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.test.PlinthTest;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.Connection;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a log would show of a failed statement, causes included. */
@PlinthTest
class FailureTextTest {
  private static final String INSERT = "INSERT INTO things (secret, n) VALUES (?, ?)";

  private final Plinth plinth;

  FailureTextTest(Plinth plinth) {
    this.plinth = plinth;
  }

  @Test
  void update_checkViolated_namesTheReasonAndNoValue() {
    Throwable failure = failure(c -> Sql.update(c, INSERT, "s3cret-value", -1));

    assertThat(failure)
        .isInstanceOf(DatabaseException.class)
        .hasMessageContaining("23514")
        .hasMessageContaining("\"things_n_check\"");
    assertThat(SqlStates.of(failure.getCause())).contains(SqlStates.CHECK_VIOLATION);
    assertThat(printed(failure)).contains("things_n_check").doesNotContain("s3cret-value");
  }

  @Test
  void batch_secondRowFails_namesTheReasonAndNoValue() {
    Throwable failure =
        failure(
            c ->
                Sql.batch(
                    c,
                    INSERT,
                    List.of(new Object[] {"first-s3cret", 1}, new Object[] {"s3cret-value", -1})));

    assertThat(failure)
        .isInstanceOf(DatabaseException.class)
        .hasMessageContaining("23514")
        .hasMessageContaining("\"things_n_check\"");
    assertThat(SqlStates.of(failure.getCause())).contains(SqlStates.CHECK_VIOLATION);
    assertThat(printed(failure))
        .contains("things_n_check", "org.postgresql.")
        .doesNotContain("s3cret", "INSERT INTO");
  }

  private Throwable failure(java.util.function.Consumer<Connection> work) {
    return catchThrowable(
        () ->
            plinth.transact(
                tx -> {
                  Sql.execute(
                      tx.connection(),
                      "CREATE TEMP TABLE things (secret text, n int CHECK (n > 0)) ON COMMIT DROP");
                  work.accept(tx.connection());
                }));
  }

  private static String printed(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}
