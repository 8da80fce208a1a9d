package dev.plinth.core.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.ReadOnlyTransactionException;
import dev.plinth.test.PlinthTest;
import java.math.BigDecimal;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

@PlinthTest
class ConfigurationTest {
  private enum Mode {
    OFF,
    SLOW
  }

  private record Mail(String host, int port) {}

  private static final Change CHANGE = Change.byTheHost();
  private static final Setting<Long> BATCH =
      Setting.ofLong("import.batch", 100).check(v -> v > 0, "must be greater than zero");

  private final Plinth plinth;
  private final Configuration configuration;
  private final DataSource pool;

  ConfigurationTest(Plinth plinth, DataSource pool) {
    this.plinth = plinth;
    this.configuration = plinth.configuration();
    this.pool = pool;
  }

  @Test
  void get_everyType_givesTheDefaultAndThenWhatWasSet() {
    assertHolds(Setting.ofBoolean("a", false), true);
    assertHolds(Setting.ofLong("b", 1), Long.MIN_VALUE);
    assertHolds(Setting.ofDecimal("c", BigDecimal.ONE), new BigDecimal("0.1000000000000000000001"));
    assertHolds(Setting.ofText("d", "x"), "ünï \"quoted\"\n𝒜");
    assertHolds(Setting.ofText("d.empty", "x"), "");
    assertHolds(Setting.ofDuration("e", Duration.ZERO), Duration.ofDays(400).plusNanos(1));
    assertHolds(Setting.ofEnum("f", Mode.OFF), Mode.SLOW);
    assertHolds(Setting.ofTexts("g", List.of()), List.of("a", "", "b"));
    assertHolds(Setting.ofJson("h", Json.emptyObject()), Json.of("{\"a\": [1, null]}"));
    assertHolds(Setting.ofObject("i", Mail.class, new Mail("x", 25)), new Mail("y", 587));
  }

  @Test
  void set_andReset_countVersionsAndKeepTheHistory() {
    UUID ada = new UUID(1, 2);

    assertThat(configuration.read(BATCH))
        .isEqualTo(new SettingValue<>(100L, 0, true, null, null, null));
    assertThat(configuration.set(BATCH, 7L, Change.by(ada).because("too slow"))).isEqualTo(1);
    assertThat(configuration.read(BATCH))
        .satisfies(
            read -> {
              assertThat(read.value()).isEqualTo(7);
              assertThat(read.isDefault()).isFalse();
              assertThat(read.updatedBy()).isEqualTo(ada);
              assertThat(read.updatedAt()).isNotNull();
            });
    assertThat(configuration.set(BATCH, 8L, 1, CHANGE)).isEqualTo(2);
    assertThat(configuration.reset(BATCH, 2, CHANGE)).isEqualTo(3);
    assertThat(configuration.get(BATCH)).isEqualTo(100);
    assertThat(configuration.read(BATCH).isDefault()).isTrue();
    assertThat(configuration.set(BATCH, 9L, CHANGE)).isEqualTo(4);

    List<SettingChange> first = configuration.history(BATCH, null, 3);
    assertThat(first).extracting(SettingChange::version).containsExactly(4L, 3L, 2L);
    assertThat(first.get(1).newValue()).isNull();
    assertThat(first.get(1).oldValue()).isEqualTo(Json.of("8"));
    assertThat(configuration.history(BATCH, 2L, 3))
        .singleElement()
        .satisfies(
            change -> {
              assertThat(change.oldValue()).isNull();
              assertThat(change.newValue()).isEqualTo(Json.of("7"));
              assertThat(change.changedBy()).isEqualTo(ada);
              assertThat(change.reason()).isEqualTo("too slow");
            });
    assertThat(configuration.history(Setting.ofLong("other", 0), null, 3)).isEmpty();
  }

  @Test
  void rowDeletedByHand_versionsGoOnWhereTheHistoryEnds() {
    configuration.set(BATCH, 7L, CHANGE);
    configuration.set(BATCH, 8L, CHANGE);
    sql("DELETE FROM plinth.system_configuration");

    assertThat(configuration.get(BATCH)).isEqualTo(100);
    assertThat(configuration.set(BATCH, 9L, CHANGE)).isEqualTo(3);
  }

  @Test
  void set_staleVersion_isRefusedAndLeavesTheHostsTransactionUsable() throws Exception {
    configuration.set(BATCH, 7L, CHANGE);
    Setting<Long> never = Setting.ofLong("never.set", 5);
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Configuration joined = configuration.in(plinth.join(host));

      assertThatThrownBy(() -> joined.set(BATCH, 8L, 0, CHANGE))
          .isInstanceOfSatisfying(
              StaleSettingException.class, e -> assertThat(e.version()).isEqualTo(1));
      assertThatThrownBy(() -> joined.reset(BATCH, 2, CHANGE))
          .isInstanceOf(StaleSettingException.class);
      assertThatThrownBy(() -> joined.set(never, 6L, 1, CHANGE))
          .isInstanceOf(StaleSettingException.class);
      joined.set(BATCH, 9L, 1, CHANGE);
      host.commit();
    }

    assertThat(configuration.get(BATCH)).isEqualTo(9);
    assertThat(configuration.read(never).version()).isZero();
    assertThat(configuration.set(never, 6L, 0, CHANGE)).isEqualTo(1);
  }

  @Test
  void get_inATransaction_seesItsOwnChangeAndNobodyElseDoes() throws Exception {
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Configuration joined = configuration.in(plinth.join(host));
      joined.set(BATCH, 7L, CHANGE);

      assertThat(joined.get(BATCH)).isEqualTo(7);
      assertThat(configuration.get(BATCH)).isEqualTo(100);
      host.rollback();
    }

    assertThat(configuration.get(BATCH)).isEqualTo(100);
    assertThat(configuration.history(BATCH, null, 10)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"7\"", "7.5", "true", "{}", "[]", "null", "99999999999999999999", "-1"})
  void get_storedValueDoesNotFit_isTheDefaultAndIsTold(String stored) {
    configuration.set(BATCH, 7L, CHANGE);
    sql("UPDATE plinth.system_configuration SET value = '" + stored + "'");

    assertThat(configuration.get(BATCH)).isEqualTo(100);
    assertThat(configuration.read(BATCH).isDefault()).isTrue();
    assertThat(configuration.read(BATCH).problem()).isNotNull();
    assertThat(configuration.unreadable())
        .singleElement()
        .satisfies(
            each -> {
              assertThat(each.name()).isEqualTo("import.batch");
              assertThat(each.version()).isEqualTo(1);
            });
    configuration.set(BATCH, 8L, CHANGE);
    assertThat(configuration.unreadable()).isEmpty();
  }

  @Test
  void get_storedValueOfOtherTypesDoesNotFit_isTheDefault() {
    assertFallsBack(Setting.ofBoolean("a", true), "\"false\"", "0", "null");
    assertFallsBack(Setting.ofDecimal("b", BigDecimal.TEN), "\"1\"", "true", "[]");
    assertFallsBack(Setting.ofText("c", "x"), "1", "{}", "null", "[\"a\"]");
    assertFallsBack(Setting.ofDuration("d", Duration.ofHours(1)), "\"1h\"", "3600");
    assertFallsBack(Setting.ofEnum("e", Mode.OFF), "\"FAST\"", "\"off\"", "1");
    assertFallsBack(Setting.ofTexts("f", List.of("x")), "\"a\"", "[null]", "[{}]", "{}");
    assertFallsBack(Setting.ofJson("g", Json.emptyObject()), "[]", "\"{}\"", "null");
    assertFallsBack(
        Setting.ofObject("h", Mail.class, new Mail("x", 1)), "[]", "1", "{\"port\": \"many\"}");
  }

  @Test
  void set_announcesTheChangeInItsTransaction() {
    List<PlinthEvent> events = new ArrayList<>();
    plinth.events().inTransaction(SettingChanged.class, (tx, event) -> events.add(event));
    UUID ada = new UUID(1, 2);

    configuration.set(BATCH, 7L, Change.by(ada));
    configuration.reset(BATCH, CHANGE);

    assertThat(events)
        .containsExactly(
            new SettingChanged("import.batch", 1, ada),
            new SettingChanged("import.batch", 2, null));
    assertThat(events.get(0).fact().action()).isEqualTo("setting.changed");
  }

  @Test
  void sensitiveSetting_isRefusedEverywhere() {
    Setting<String> secret = Setting.ofText("smtp.password", "").sensitive();

    List<ThrowingCallable> uses =
        List.of(
            () -> configuration.get(secret),
            () -> configuration.read(secret),
            () -> configuration.set(secret, "x", CHANGE),
            () -> configuration.set(secret, "x", 0, CHANGE),
            () -> configuration.reset(secret, CHANGE),
            () -> configuration.reset(secret, 0, CHANGE),
            () -> configuration.history(secret, null, 1),
            () -> configuration.onChange(secret, value -> {}));
    for (ThrowingCallable use : uses) {
      assertThatIllegalArgumentException().isThrownBy(use).withMessageContaining("vault");
    }
  }

  @Test
  void nameOfAnotherType_isRefused() {
    configuration.get(BATCH);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> configuration.get(Setting.ofText("import.batch", "")))
        .withMessageContaining("java.lang.Long");
  }

  @Test
  void values_unfit_areRefusedBeforeSql() {
    assertRefused(() -> configuration.set(BATCH, 0L, CHANGE), "must be greater than zero");
    assertRefused(() -> configuration.set(BATCH, null, CHANGE), "value must not be null");
    Setting<String> text = Setting.ofText("t", "");
    assertRefused(() -> configuration.set(text, "a\0", CHANGE), "U+0000");
    assertRefused(() -> configuration.set(text, "\ud800", CHANGE), "surrogate");
    assertRefused(() -> configuration.set(text, "x".repeat(10_001), CHANGE), "10000");
    Setting<List<String>> texts = Setting.ofTexts("l", List.of());
    assertRefused(() -> configuration.set(texts, List.of("a\0"), CHANGE), "U+0000");
    Setting<BigDecimal> decimal = Setting.ofDecimal("n", BigDecimal.ONE);
    assertRefused(() -> configuration.set(decimal, new BigDecimal("1e5000"), CHANGE), "digits");
    Setting<Json> json = Setting.ofJson("j", Json.emptyObject());
    assertRefused(() -> configuration.set(json, Json.of("[]"), CHANGE), "JSON object");
    assertRefused(
        () -> configuration.set(json, Json.of("{\"a\":\"" + "x".repeat(1_000_000) + "\"}"), CHANGE),
        "1,000,000");
    assertRefused(() -> configuration.set(BATCH, 1L, -1, CHANGE), "expectedVersion");
    assertRefused(() -> Change.byTheHost().because(" "), "reason");
    assertRefused(() -> Change.byTheHost().because("x".repeat(1001)), "reason");
    assertRefused(() -> configuration.history(BATCH, null, 0), "limit");
    assertRefused(() -> BATCH.check(v -> v > 1000, "must be large"), "must be greater than zero");
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", " ", "A", "1a", "a b", ".a", "a/b", "ä", "a\0", "a\n"})
  void name_malformed_isRefused(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Setting.ofLong(name, 1))
        .withMessageStartingWith("name ");
    assertThatIllegalArgumentException().isThrownBy(() -> Setting.ofLong("a".repeat(101), 1));
  }

  @Test
  void readOnlyTransaction_writesAreRefused_readsGoOn() throws Exception {
    try (Connection host = pool.getConnection()) {
      host.setReadOnly(true);
      host.setAutoCommit(false);
      Configuration joined = configuration.in(plinth.join(host));

      assertThatThrownBy(() -> joined.set(BATCH, 1L, CHANGE))
          .isInstanceOf(ReadOnlyTransactionException.class);
      assertThatThrownBy(() -> joined.reset(BATCH, CHANGE))
          .isInstanceOf(ReadOnlyTransactionException.class);
      assertThat(joined.get(BATCH)).isEqualTo(100);
      host.rollback();
      host.setReadOnly(false);
    }
  }

  private <T> void assertHolds(Setting<T> setting, T value) {
    assertThat(configuration.get(setting)).isEqualTo(setting.defaultValue());
    configuration.set(setting, value, CHANGE);
    assertThat(configuration.get(setting)).isEqualTo(value);
    assertThat(configuration.read(setting).problem()).isNull();
  }

  private <T> void assertFallsBack(Setting<T> setting, String... stored) {
    configuration.set(setting, setting.defaultValue(), CHANGE);
    for (String each : stored) {
      sql(
          "UPDATE plinth.system_configuration SET value = '%s' WHERE name = '%s'"
              .formatted(each, setting.name()));
      SettingValue<T> read = configuration.read(setting);
      assertThat(read.problem()).as("%s of %s", each, setting).isNotNull();
      assertThat(read.value()).isEqualTo(setting.defaultValue());
    }
  }

  private void sql(String statement) {
    plinth.transact(tx -> Sql.execute(tx.connection(), statement));
  }

  private static void assertRefused(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessageContaining(message);
  }
}
