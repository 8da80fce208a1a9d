package dev.plinth.core.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.time.Duration;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Arguments, SQLStates and the schema's name. */
class SpiTest {
  private static final Pattern WORD = Pattern.compile("[a-z]+");

  @Test
  void args_good_areGivenBack() {
    assertThat(Args.text("x", 1, "a")).isEqualTo("x");
    assertThat(Args.bounded("", 1, "a")).isEmpty();
    assertThat(Args.matching("abc", WORD, "a word", "a")).isEqualTo("abc");
    assertThat(Args.utf8("ü", 2, "a")).isEqualTo("ü");
    assertThat(Args.range(3, 3, 3, "a")).isEqualTo(3);
    assertThat(Args.positive(Duration.ofNanos(1), "a")).isEqualTo(Duration.ofNanos(1));
    assertThat(Args.text("\uD83D\uDE00", 2, "a")).hasSize(2);
  }

  @Test
  void args_bad_nameTheArgumentAndNeverRepeatTheText() {
    refused(() -> Args.notNull(null, "a"), "a must not be null");
    refused(() -> Args.text(null, 9, "a"), "a must not be null");
    refused(() -> Args.text(" \t\u2003", 9, "a"), "a must not be blank");
    refused(() -> Args.text("secret", 5, "a"), "a must have at most 5 characters, but has 6");
    refused(
        () -> Args.text("se\0cret", 9, "a"),
        "a must not contain the character U+0000, which PostgreSQL cannot store");
    refused(
        () -> Args.text("se\uDE00cret", 9, "a"),
        "a must not contain half of a surrogate pair, which UTF-8 cannot represent");
    refused(() -> Args.matching("Secret1", WORD, "a word", "a"), "a must be a word");
    refused(() -> Args.utf8("üü", 3, "a"), "a must have at most 3 bytes in UTF-8, but has 4");
    refused(() -> Args.range(0, 1, 9, "a"), "a must be between 1 and 9, but is 0");
    refused(() -> Args.range(10L, 1, 9, "a"), "a must be between 1 and 9, but is 10");
    refused(() -> Args.positive(Duration.ZERO, "a"), "a must be longer than zero, but is PT0S");
    refused(() -> Args.check(false, "a must fit"), "a must fit");
  }

  @Test
  void sqlStates_throughCauses_areFound() {
    SQLException driver = new SQLException("m", "40001");

    assertThat(SqlStates.of(new IllegalStateException(new RuntimeException(driver))))
        .contains("40001");
    assertThat(SqlStates.of(new SQLException("without a state", driver))).contains("40001");
    assertThat(SqlStates.of(new RuntimeException("none"))).isEmpty();
    assertThat(SqlStates.of(null)).isEmpty();
  }

  @Test
  void sqlStates_causesInACircle_endTheSearch() {
    RuntimeException one = new RuntimeException("one");
    RuntimeException two = new RuntimeException("two", one);
    one.initCause(two);

    assertThat(SqlStates.of(one)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "40001,true,false", "40P01,true,false", "08006,false,true", "08003,false,true",
    "57P01,false,true", "57P02,false,true", "57P03,false,true", "57014,false,false",
    "23505,false,false"
  })
  void sqlStates_kinds_areToldApart(String state, boolean retryable, boolean lost) {
    SQLException failure = new SQLException("m", state);

    assertThat(SqlStates.isRetryable(failure)).isEqualTo(retryable);
    assertThat(SqlStates.isConnectionLoss(failure)).isEqualTo(lost);
  }

  @Test
  void schema_nameThatNeedsQuoting_isQuoted() {
    Schema schema = Schema.of("my \"Schema\"");

    assertThat(schema.name()).isEqualTo("my \"Schema\"");
    assertThat(schema).hasToString("my \"Schema\"");
    assertThat(schema.render("SELECT {now} FROM {schema}.t"))
        .isEqualTo("SELECT pg_catalog.statement_timestamp() FROM \"my \"\"Schema\"\"\".t");
    assertThat(schema.withClock("{schema}.shifted()").now())
        .isEqualTo("\"my \"\"Schema\"\"\".shifted()");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "pg_plinth", "PG_x", "a\u0000b"})
  void schema_impossibleName_isRefused(String name) {
    assertThatThrownBy(() -> Schema.of(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("schema must not ");
  }

  @Test
  void schema_nameLongerThanPostgresqlKeeps_isRefused() {
    assertThat(Schema.of("ü".repeat(31)).name()).hasSize(31);
    refused(
        () -> Schema.of("ü".repeat(32)), "schema must have at most 63 bytes in UTF-8, but has 64");
  }

  @Test
  void schema_nameThatFlywayWouldFormat_isRefused() {
    refused(
        () -> Schema.of("100%d"),
        "schema must not contain %, which Flyway takes for a format when it migrates");
  }

  private static void refused(Runnable call, String message) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message)
        .hasMessageNotContaining("ecret1");
  }
}
