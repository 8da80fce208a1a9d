package dev.plinth.audit.internal;

import dev.plinth.audit.AuditContext;
import dev.plinth.audit.AuditSession;
import dev.plinth.audit.AuditSessions;
import dev.plinth.audit.Page;
import dev.plinth.audit.PageRequest;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import java.util.Optional;
import java.util.UUID;

/** The sessions of one scope. */
final class ScopedSessions implements AuditSessions {
  private final SessionRows rows;
  private final TxScope scope;
  private final AuditContext context;

  ScopedSessions(SessionRows rows, TxScope scope, AuditContext context) {
    this.rows = rows;
    this.scope = scope;
    this.context = context;
  }

  @Override
  public UUID open(UUID userId, Json metadata) {
    Args.notNull(userId, "userId");
    Args.notNull(metadata, "metadata").requireObject("metadata");
    Args.utf8(metadata.text(), Documents.LIMIT, "metadata");
    return scope.returning(tx -> rows.open(Writable.require(tx), userId, context, metadata));
  }

  @Override
  public boolean touch(UUID sessionId) {
    Args.notNull(sessionId, "sessionId");
    return scope.returning(tx -> rows.append(Writable.require(tx), sessionId, "touched", null));
  }

  @Override
  public boolean end(UUID sessionId, String reason) {
    Args.notNull(sessionId, "sessionId");
    Args.text(reason, 255, "reason");
    return scope.returning(tx -> rows.append(Writable.require(tx), sessionId, "ended", reason));
  }

  @Override
  public Optional<AuditSession> find(UUID sessionId) {
    Args.notNull(sessionId, "sessionId");
    return scope.returning(tx -> rows.find(tx, sessionId));
  }

  @Override
  public Page<AuditSession> ofUser(UUID userId, PageRequest page) {
    Args.notNull(userId, "userId");
    Args.notNull(page, "page");
    return Pages.cut(scope.returning(tx -> rows.ofUser(tx, userId, page)), page, AuditSession::id);
  }
}
