package dev.plinth.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.plinth.core.json.Json;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused before any SQL, and by which words. */
@SuppressWarnings("NullAway") // hosts without annotations pass null
class BadInputTest {
  private static final AuditContext NONE = AuditContext.none();

  @Test
  void action_badArguments_areNamed() {
    refused(() -> Action.of(null), "action must not be null");
    refused(() -> Action.of(" "), "action must not be blank");
    refused(
        () -> Action.of("x".repeat(101)), "action must have at most 100 characters, but has 101");
    Action action = Action.of("a");
    refused(() -> action.id(null), "id must not be null");
    refused(
        () -> action.id(UUID.fromString("11111111-1111-4111-8111-111111111111")),
        "id must be a UUID of version 7, but is of version 4");
    refused(() -> action.category(""), "category must not be blank");
    refused(() -> action.outcome(null), "outcome must not be null");
    refused(() -> action.severity(null), "severity must not be null");
    refused(() -> action.actor((Actor) null), "actor must not be null");
    refused(() -> action.actor((UUID) null), "actor must not be null");
    refused(() -> action.session(null), "sessionId must not be null");
    refused(() -> action.resource("order", " "), "resourceId must not be blank");
    refused(() -> action.resource(null, 1), "resourceType must not be null");
    refused(() -> action.resource("order", (UUID) null), "resourceId must not be null");
    refused(() -> action.before(null), "before must not be null");
    refused(() -> action.metadata((Json) null), "metadata must not be null");
    refused(
        () -> action.metadata(Json.of("[]")),
        "metadata must be a JSON object, such as {\"key\": \"value\"}");
    refused(() -> action.occurredAt(Instant.MAX), "occurredAt must lie in the years 1 to 9999");
    refused(() -> action.tenant(""), "tenant must not be blank");
    refused(() -> action.context(null), "context must not be null");
  }

  @Test
  void text_unstorable_isRefused() {
    refused(
        () -> Resource.of("order", "a\0b"),
        "resourceId must not contain the character U+0000, which PostgreSQL cannot store");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NONE.withUserAgent("\ud800"))
        .withMessageStartingWith("userAgent must not contain half of a surrogate pair");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "localhost",
        "example.org",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "01.2.3.4",
        "192.0.2.1/24",
        " 192.0.2.1",
        "fe80::1%eth0",
        "1:2:3",
        "::g",
        "[::1]",
        "12:34:56:78:9a:bc"
      })
  void clientIp_notAnAddress_isRefusedWithoutALookUp(String text) {
    refused(
        () -> NONE.withClientIp(text),
        "clientIp must be an IPv4 or IPv6 address in digits, such as 192.0.2.1 or 2001:db8::1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1", "::ffff:1.2.3.4"})
  void clientIp_anAddress_isTaken(String text) {
    assertThat(NONE.withClientIp(text).clientIp()).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00000000000000000000000000000000",
        "4BF92F3577B34DA6A3CE929D0E0E4736",
        "4bf92f3577b34da6a3ce929d0e0e473",
        "4bf92f3577b34da6a3ce929d0e0e47366",
        "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"
      })
  void traceId_notW3c_isRefused(String text) {
    refused(
        () -> NONE.withTraceId(text),
        "traceId must be a W3C trace id: 32 lower-case hexadecimal digits, not all zero");
  }

  @Test
  void userAgent_tooLong_isCutBetweenCharacters() {
    assertThat(NONE.withUserAgent("x".repeat(5000)).userAgent()).isEqualTo("x".repeat(1000));
    assertThat(NONE.withUserAgent("x".repeat(999) + "\ud83d\ude00").userAgent())
        .isEqualTo("x".repeat(999));
  }

  @Test
  void query_badArguments_areNamed() {
    Instant now = Instant.now();
    refused(() -> AuditQuery.all().from(now).until(now), "from must lie before until");
    refused(() -> AuditQuery.all().resource("order", ""), "resourceId must not be blank");
    refused(() -> AuditQuery.all().actor(null), "actorId must not be null");
    refused(() -> PageRequest.first(0), "limit must be between 1 and 1000, but is 0");
    refused(() -> PageRequest.first(1001), "limit must be between 1 and 1000, but is 1001");
    refused(() -> PageRequest.first(1).after(null), "after must not be null");
  }

  @Test
  void log_badArguments_areRefusedWithoutAConnection() {
    try (dev.plinth.core.Plinth plinth =
            dev.plinth.core.Plinth.builder().connectionSource(BadInputTest::noConnection).build();
        AuditLog audit = AuditLog.create(plinth)) {
      refused(() -> audit.record(null), "action must not be null");
      refused(
          () -> audit.record(Action.of("a")),
          "actor must be named, by action.actor(…) or by the context: audit.with(context)");
      refused(() -> audit.recordAll(null), "actions must not be null");
      refused(
          () -> audit.recordAll(List.of(Action.of("a"))),
          "actor must be named, by action.actor(…) or by the context: audit.with(context)");
      refused(() -> audit.with(null), "context must not be null");
      refused(() -> audit.in(null), "tx must not be null");
      refused(() -> audit.find(null), "id must not be null");
      refused(
          () -> audit.history("order", null, PageRequest.first(1)), "resourceId must not be null");
      refused(() -> audit.timeline(UUID.randomUUID(), null), "page must not be null");
      refused(() -> audit.sessions().open(null, Json.emptyObject()), "userId must not be null");
      refused(() -> audit.sessions().end(UUID.randomUUID(), " "), "reason must not be blank");
    }
    refused(() -> AuditLog.create(null), "plinth must not be null");
  }

  private static java.sql.Connection noConnection() {
    throw new AssertionError("no connection may be asked for");
  }

  private static void refused(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }
}
