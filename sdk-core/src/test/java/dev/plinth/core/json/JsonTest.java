package dev.plinth.core.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@PlinthTest
class JsonTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "null",
        "true",
        "0",
        "-1.5e10",
        "\"\"",
        " { \"a\" : [ 1 , { } ] } ",
        "\"\\ud83d\\ude00 漢\"",
        "1e131071",
        "1e-16383"
      })
  void of_wellFormed_isKeptAndStorable(String text, Plinth plinth) {
    Json json = Json.of(text);

    assertThat(json.text()).isEqualTo(text);
    plinth.transact(
        tx -> Sql.query(tx.connection(), "SELECT ?::jsonb", row -> row.getString(1), json));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "{]",
        "{\"a\":1,}",
        "[1,]",
        "{'a':1}",
        "{a:1}",
        "01",
        "+1",
        ".5",
        "1.",
        "NaN",
        "Infinity",
        "// c\n1",
        "tru",
        "\"\n\"",
        "{\"a\":1} {\"b\":2}",
        "1 2",
        "{}x",
        "{\"a\":1,\"a\":2}",
        "\"\\u0000\"",
        "{\"\\u0000\":1}",
        "\"\\ud800\"",
        "1e200000"
      })
  void of_malformedOrUnstorable_isRefused(String text) {
    assertThatThrownBy(() -> Json.of(text, "settings"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("settings must ");
  }

  @Test
  void of_malformed_tellsThePlaceAndNotTheContent() {
    assertThatThrownBy(() -> Json.of("{\"password\":\n  hunter2}"))
        .hasMessageContaining("line 2, column")
        .hasMessageNotContaining("hunter2")
        .hasNoCause();
  }

  @Test
  void of_deepNesting_isRefusedBeyond500() {
    assertThat(Json.of("[".repeat(500) + "]".repeat(500)).text()).hasSize(1000);
    assertThatThrownBy(() -> Json.of("[".repeat(501) + "]".repeat(501)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void object_plainValues_areWritten() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("n", null);
    members.put("i", 1);
    members.put("s", "ü\"");
    members.put("t", Instant.parse("2026-11-20T10:00:00Z"));
    members.put("u", UUID.fromString("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"));
    members.put("e", TimeUnit.DAYS);
    members.put("l", List.of(true, Map.of("x", 1.5)));

    assertThat(Json.object(members).text())
        .isEqualTo(
            "{\"n\":null,\"i\":1,\"s\":\"ü\\\"\",\"t\":\"2026-11-20T10:00:00Z\","
                + "\"u\":\"017f22e2-79b0-7cc3-98c4-dc0c0c07398f\",\"e\":\"DAYS\","
                + "\"l\":[true,{\"x\":1.5}]}");
    assertThatThrownBy(() -> Json.object(Map.of("o", new Object())))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void requireObject_otherValue_isRefused() {
    assertThat(Json.emptyObject().requireObject("metadata").isObject()).isTrue();
    assertThatThrownBy(() -> Json.of("[]").requireObject("metadata"))
        .hasMessage("metadata must be a JSON object, such as {\"key\": \"value\"}");
  }

  @Test
  void equality_isThatOfTheText() {
    assertThat(Json.of("{\"a\":1}"))
        .isEqualTo(Json.of("{\"a\":1}"))
        .hasSameHashCodeAs(Json.of("{\"a\":1}"))
        .isNotEqualTo(Json.of("{\"a\": 1}"))
        .hasToString("{\"a\":1}");
  }

  record Order(UUID id, Instant at, Optional<String> note, List<Integer> counts) {}

  @Test
  void codec_record_comesBack(Plinth plinth) {
    Order order =
        new Order(
            UUID.fromString("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"),
            Instant.parse("2026-11-20T10:00:00.123456789Z"),
            Optional.empty(),
            List.of(1, 2));

    Json json = plinth.json().write(order);

    assertThat(json.text()).contains("\"2026-11-20T10:00:00.123456789Z\"");
    assertThat(plinth.json().read(json, Order.class)).isEqualTo(order);
  }

  @Test
  void codec_memberOfANewerNode_isIgnored(Plinth plinth) {
    assertThat(plinth.json().read(Json.of("{\"counts\":[1],\"later\":true}"), Order.class).counts())
        .containsExactly(1);
  }

  @Test
  void codec_misfit_namesTypeAndPathAndNotTheContent(Plinth plinth) {
    assertThatThrownBy(
            () -> plinth.json().read(Json.of("{\"counts\":[1,\"hunter2\"]}"), Order.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("JsonTest$Order at ")
        .hasMessageContaining("counts")
        .hasMessageNotContaining("hunter2")
        .hasNoCause();
  }

  @Test
  void codec_unwritable_namesTheClass(Plinth plinth) {
    assertThatThrownBy(() -> plinth.json().write(new Endless()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("JsonTest$Endless cannot be written as JSON");
  }

  public static final class Endless {
    public Endless getSelf() {
      return this;
    }
  }

  /** Whatever way a value's serializer goes, what jsonb would refuse is refused before any SQL. */
  @ParameterizedTest
  @MethodSource("unstorable")
  void codec_documentThatJsonbCannotStore_isRefused(Object value, Plinth plinth) {
    assertThatThrownBy(() -> plinth.json().write(value))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("hunter2");
  }

  static Stream<Object> unstorable() {
    Object deep = "hunter2";
    for (int i = 0; i < 501; i++) {
      deep = List.of(deep);
    }
    return Stream.of(
        Map.of("a", "hunter2\0"),
        Map.of("hunter2\0", 1),
        Map.of("a", List.of("\ud83dhunter2")),
        Map.of("a", new RawValue("hunter2")),
        Map.of("a", new RawValue("{\"b\":1} hunter2")),
        Map.of("a", new RawValue("1,\"a\":2")),
        Map.of("a", new BigDecimal("1e131073")),
        Map.of("a", BigInteger.TEN.pow(131_073)),
        Map.of(1, "one", "1", "hunter2"),
        deep);
  }

  @ParameterizedTest
  @MethodSource("storable")
  void codec_document_isWhatJsonOfTakesAndJsonbStores(Object value, Plinth plinth) {
    Json json = plinth.json().write(value);

    assertThat(Json.of(json.text())).isEqualTo(json);
    plinth.transact(
        tx -> Sql.query(tx.connection(), "SELECT ?::jsonb", row -> row.getString(1), json.text()));
  }

  static Stream<Object> storable() {
    return Stream.of(
        "plain",
        List.of(),
        List.of(1, 2.5, true, Double.NaN, Double.MAX_VALUE, Double.MIN_VALUE, Long.MIN_VALUE),
        Map.of("a", new BigDecimal("1e131071"), "b", new BigDecimal("1e-16383")),
        Map.of("a", new RawValue("[1, {\"b\": null}]")),
        Map.of("a", "\\u0000 is six characters, \ud83d\ude00 and \u6f22 fewer"),
        Map.of("at", Instant.EPOCH, "for", Duration.ofSeconds(1), "id", new UUID(1, 2)),
        JsonNodeFactory.instance.objectNode().put("a", 1).putPOJO("b", List.of("c")));
  }

  @Test
  void stored_isGivenOutAsItIs_withoutBeingCheckedOnceMore(Plinth plinth) {
    String deep = "[".repeat(600) + "]".repeat(600);
    assertThatThrownBy(() -> Json.of(deep)).isInstanceOf(IllegalArgumentException.class);

    Json stored =
        plinth.transactReturning(
            tx ->
                Sql.query(
                        tx.connection(),
                        "SELECT ?::jsonb AS document",
                        row -> Sql.json(row, "document"),
                        deep)
                    .get(0));

    assertThat(stored.text()).isEqualTo(deep);
  }
}
