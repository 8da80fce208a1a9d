package dev.plinth.audit.internal;

import dev.plinth.audit.Action;
import dev.plinth.audit.Actor;
import dev.plinth.audit.AuditContext;
import dev.plinth.audit.AuditEntry;
import dev.plinth.audit.AuditLog;
import dev.plinth.audit.AuditQuery;
import dev.plinth.audit.AuditScope;
import dev.plinth.audit.AuditSessions;
import dev.plinth.audit.Outcome;
import dev.plinth.audit.Page;
import dev.plinth.audit.PageRequest;
import dev.plinth.core.Plinth;
import dev.plinth.core.event.Events;
import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The audit log of one Plinth: its standalone scope, and its ear for other modules' events. */
public final class PostgresAuditLog implements AuditLog {
  private final AuditScope standalone;
  private final Events.@Nullable Subscription subscription;

  /** Listens to events if asked to; opens no connection. */
  public PostgresAuditLog(Plinth plinth, boolean recordEvents) {
    Scope scope = new Scope(Statements.of(plinth), TxScope.standalone(plinth), AuditContext.none());
    this.standalone = scope;
    this.subscription =
        recordEvents
            ? plinth
                .events()
                .inTransaction(
                    PlinthEvent.class, (tx, event) -> scope.in(tx).record(action(event.fact())))
            : null;
  }

  @Override
  public AuditScope in(Tx tx) {
    return standalone.in(tx);
  }

  @Override
  public AuditScope with(AuditContext context) {
    return standalone.with(context);
  }

  @Override
  public UUID record(Action action) {
    return standalone.record(action);
  }

  @Override
  public List<UUID> recordAll(List<Action> actions) {
    return standalone.recordAll(actions);
  }

  @Override
  public Optional<AuditEntry> find(UUID id) {
    return standalone.find(id);
  }

  @Override
  public Page<AuditEntry> history(String resourceType, String resourceId, PageRequest page) {
    return standalone.history(resourceType, resourceId, page);
  }

  @Override
  public Page<AuditEntry> timeline(UUID actorId, PageRequest page) {
    return standalone.timeline(actorId, page);
  }

  @Override
  public Page<AuditEntry> search(AuditQuery query, PageRequest page) {
    return standalone.search(query, page);
  }

  @Override
  public AuditSessions sessions() {
    return standalone.sessions();
  }

  @Override
  public void close() {
    if (subscription != null) {
      subscription.close();
    }
  }

  private static Outcome outcome(Fact.Outcome outcome) {
    return switch (outcome) {
      case SUCCEEDED -> Outcome.SUCCESS;
      case DENIED -> Outcome.DENIED;
      case FAILED -> Outcome.FAILURE;
    };
  }

  private static Action action(Fact fact) {
    UUID user = fact.userId();
    Action action =
        Action.of(fact.action())
            .outcome(outcome(fact.outcome()))
            .actor(user == null ? Actor.system("plinth") : Actor.user(user))
            .resource(fact.resourceType(), fact.resourceId())
            .metadata(fact.details());
    return fact.tenantId() == null ? action : action.tenant(fact.tenantId());
  }
}
