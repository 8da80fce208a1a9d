package dev.plinth.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import dev.plinth.test.PlinthTest;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

@PlinthTest
class EventsTest {
  private static final PageRequest TEN = PageRequest.first(10);

  private final UUID user = UUID.randomUUID();

  /** As a module would announce it. */
  record Violated(@Nullable UUID userId, Fact.Outcome outcome) implements PlinthEvent {
    @Override
    public Fact fact() {
      return new Fact(
          "quota.violated", userId, "limit", "files", outcome, Json.of("{\"used\": 3}"));
    }
  }

  @Test
  void event_announced_isRecordedInTheSameTransaction(Plinth plinth, AuditLog audit) {
    plinth.transact(
        tx -> {
          plinth.events().publish(tx, new Violated(user, Fact.Outcome.DENIED));
          assertThat(audit.history("limit", "files", TEN).items()).hasSize(1);
        });

    AuditEntry entry = audit.history("limit", "files", TEN).items().get(0);
    assertThat(entry.action().name()).isEqualTo("quota.violated");
    assertThat(entry.action().outcome()).isEqualTo(Outcome.DENIED);
    assertThat(entry.action().context().actor()).isEqualTo(Actor.user(user));
    assertThat(entry.action().metadata()).isEqualTo(Json.of("{\"used\": 3}"));
  }

  @Test
  void event_ofNobody_isRecordedAsTheSystems(Plinth plinth, AuditLog audit) {
    plinth.transact(tx -> plinth.events().publish(tx, new Violated(null, Fact.Outcome.SUCCEEDED)));

    AuditEntry entry = audit.history("limit", "files", TEN).items().get(0);
    assertThat(entry.action().context().actor()).isEqualTo(Actor.system("plinth"));
    assertThat(entry.action().outcome()).isEqualTo(Outcome.SUCCESS);
  }

  @Test
  void event_inATransactionThatRollsBack_leavesNoRecord(Plinth plinth, AuditLog audit) {
    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      plinth.events().publish(tx, new Violated(user, Fact.Outcome.DENIED));
                      throw new IllegalStateException("the host's");
                    }))
        .hasMessage("the host's");

    assertThat(audit.search(AuditQuery.all(), TEN).items()).isEmpty();
  }

  @Test
  void event_afterCloseOrWithoutRecordEvents_isNotRecorded(Plinth plinth) {
    AuditLog deaf = AuditLog.builder(plinth).recordEvents(false).build();
    AuditLog closed = AuditLog.create(plinth);
    closed.close();
    closed.close();

    plinth.transact(tx -> plinth.events().publish(tx, new Violated(user, Fact.Outcome.DENIED)));

    assertThat(deaf.search(AuditQuery.all(), TEN).items()).isEmpty();
    assertThat(closed.find(closed.record(Action.of("still").actor(user)))).isPresent();
  }
}
