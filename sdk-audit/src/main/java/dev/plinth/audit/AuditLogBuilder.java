package dev.plinth.audit;

import dev.plinth.audit.internal.PostgresAuditLog;
import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Args;

/** Collects what an {@link AuditLog} needs. Not safe for use by many threads. */
public final class AuditLogBuilder {
  private final Plinth plinth;
  private boolean recordEvents = true;

  AuditLogBuilder(Plinth plinth) {
    this.plinth = Args.notNull(plinth, "plinth");
  }

  /**
   * Whether what other modules announce (a user deactivated, a quota violated) is recorded too, in
   * the transaction that announces it. True unless set. A record that can not be written then fails
   * the announcing call.
   */
  public AuditLogBuilder recordEvents(boolean recordEvents) {
    this.recordEvents = recordEvents;
    return this;
  }

  /** Makes the audit log; opens no connection. */
  public AuditLog build() {
    return new PostgresAuditLog(plinth, recordEvents);
  }
}
