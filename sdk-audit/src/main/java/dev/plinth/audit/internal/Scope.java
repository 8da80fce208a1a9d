package dev.plinth.audit.internal;

import dev.plinth.audit.Action;
import dev.plinth.audit.AuditContext;
import dev.plinth.audit.AuditEntry;
import dev.plinth.audit.AuditQuery;
import dev.plinth.audit.AuditScope;
import dev.plinth.audit.AuditSessions;
import dev.plinth.audit.Page;
import dev.plinth.audit.PageRequest;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The statements, a transaction to run them in and a context: what every scope consists of. */
final class Scope implements AuditScope {
  private static final int MOST_ACTIONS = 10_000;

  private final Statements statements;
  private final TxScope scope;
  private final AuditContext context;

  Scope(Statements statements, TxScope scope, AuditContext context) {
    this.statements = statements;
    this.scope = scope;
    this.context = context;
  }

  @Override
  public AuditScope in(Tx tx) {
    return new Scope(statements, TxScope.of(tx), context);
  }

  @Override
  public AuditScope with(AuditContext context) {
    return new Scope(statements, scope, Args.notNull(context, "context").orElse(this.context));
  }

  @Override
  public UUID record(Action action) {
    Action complete = complete(action, "action");
    return scope.returning(tx -> statements.record().one(Writable.require(tx), complete));
  }

  @Override
  public List<UUID> recordAll(List<Action> actions) {
    Args.notNull(actions, "actions");
    Args.range(actions.size(), 0, MOST_ACTIONS, "actions: the number");
    List<Action> complete =
        actions.stream().map(action -> complete(action, "actions: an element")).toList();
    return complete.isEmpty()
        ? List.of()
        : scope.returning(tx -> statements.record().all(Writable.require(tx), complete));
  }

  @Override
  public Optional<AuditEntry> find(UUID id) {
    Args.notNull(id, "id");
    return scope.returning(tx -> statements.read().one(tx, id));
  }

  @Override
  public Page<AuditEntry> history(String resourceType, String resourceId, PageRequest page) {
    return search(AuditQuery.all().resource(resourceType, resourceId), page);
  }

  @Override
  public Page<AuditEntry> timeline(UUID actorId, PageRequest page) {
    return search(AuditQuery.all().actor(actorId), page);
  }

  @Override
  public Page<AuditEntry> search(AuditQuery query, PageRequest page) {
    Args.notNull(query, "query");
    Args.notNull(page, "page");
    return Pages.cut(
        scope.returning(tx -> statements.read().page(tx, query, page)), page, AuditEntry::id);
  }

  @Override
  public AuditSessions sessions() {
    return new ScopedSessions(statements.sessions(), scope, context);
  }

  /** Refuses what has no actor before a connection is taken. */
  private Action complete(Action action, String name) {
    Args.notNull(action, name);
    Action complete =
        context.equals(AuditContext.none())
            ? action
            : action.context(action.context().orElse(context));
    Args.check(
        complete.context().actor() != null,
        "actor must be named, by action.actor(…) or by the context: audit.with(context)");
    return complete;
  }
}
