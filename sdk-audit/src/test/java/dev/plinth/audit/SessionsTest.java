package dev.plinth.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.json.Json;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;

@PlinthTest
class SessionsTest {
  private final UUID user = UUID.randomUUID();

  @Test
  void session_openedTouchedAndEnded_isToldFromAppendedRows(AuditLog audit, SettableClock clock) {
    AuditContext client = AuditContext.none().withClientIp("192.0.2.1").withUserAgent("browser");
    UUID id = audit.with(client).sessions().open(user, Json.of("{\"mfa\": true}"));
    AuditSession opened = audit.sessions().find(id).orElseThrow();
    clock.advance(Duration.ofMinutes(5));
    assertThat(audit.sessions().touch(id)).isTrue();
    clock.advance(Duration.ofMinutes(5));
    assertThat(audit.sessions().touch(id)).isTrue();
    clock.advance(Duration.ofMinutes(5));
    assertThat(audit.sessions().end(id, "logout")).isTrue();

    AuditSession ended = audit.sessions().find(id).orElseThrow();

    assertThat(opened.endedAt()).isNull();
    assertThat(opened.touchedAt()).isNull();
    assertThat(opened.clientIp()).isEqualTo("192.0.2.1");
    assertThat(opened.userAgent()).isEqualTo("browser");
    assertThat(opened.metadata()).isEqualTo(Json.of("{\"mfa\": true}"));
    assertThat(ended.openedAt()).isEqualTo(opened.openedAt());
    assertThat(Duration.between(ended.openedAt(), ended.touchedAt())).hasMinutes(10);
    assertThat(Duration.between(ended.openedAt(), ended.endedAt())).hasMinutes(15);
    assertThat(ended.endReason()).isEqualTo("logout");
  }

  @Test
  void end_unknownOrEndedAlready_writesNothing(AuditLog audit) {
    UUID id = audit.sessions().open(user, Json.emptyObject());
    audit.sessions().end(id, "first");

    assertThat(audit.sessions().end(id, "second")).isFalse();
    assertThat(audit.sessions().touch(id)).isFalse();
    assertThat(audit.sessions().end(UUID.randomUUID(), "x")).isFalse();
    assertThat(audit.sessions().find(id).orElseThrow().endReason()).isEqualTo("first");
  }

  @Test
  void ofUser_pages_tellTheLastFirst(AuditLog audit) {
    UUID one = audit.sessions().open(user, Json.emptyObject());
    UUID two = audit.sessions().open(user, Json.emptyObject());
    UUID three = audit.sessions().open(user, Json.emptyObject());
    audit.sessions().open(UUID.randomUUID(), Json.emptyObject());

    Page<AuditSession> first = audit.sessions().ofUser(user, PageRequest.first(2));
    Page<AuditSession> second = audit.sessions().ofUser(user, first.next().orElseThrow());

    assertThat(first.items()).extracting(AuditSession::id).containsExactly(three, two);
    assertThat(second.items()).extracting(AuditSession::id).containsExactly(one);
    assertThat(second.next()).isEmpty();
  }

  @Test
  void session_ofATenant_isHiddenFromAnother(Plinth plinth, AuditLog audit) {
    UUID id =
        plinth.transactReturning(
            TxOptions.defaults().withTenant("acme"),
            tx -> audit.in(tx).sessions().open(user, Json.emptyObject()));

    plinth.transact(
        TxOptions.defaults().withTenant("other"),
        tx -> {
          assertThat(audit.in(tx).sessions().find(id)).isEmpty();
          assertThat(audit.in(tx).sessions().end(id, "theft")).isFalse();
        });

    assertThat(audit.sessions().find(id).orElseThrow().tenant()).isEqualTo("acme");
  }
}
