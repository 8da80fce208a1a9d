package dev.plinth.audit;

import dev.plinth.core.Plinth;

/**
 * Who did what to which thing, recorded in the transaction that did it.
 *
 * <pre>{@code
 * AuditLog audit = AuditLog.create(plinth);
 *
 * plinth.transact(tx -> {
 *   orders.insert(tx.connection(), order);
 *   audit.in(tx).record(Action.of("order.created").actor(userId).resource("order", order.id()));
 * });
 *
 * audit.history("order", order.id(), PageRequest.first(50)).items();
 * }</pre>
 *
 * <p>Records are append only: UPDATE, DELETE and TRUNCATE are refused by the database, on every
 * partition too. That binds the application's role; the owner of the tables can drop the triggers.
 *
 * <p>One per {@link Plinth}; it starts no thread. Safe for use by many threads.
 */
public interface AuditLog extends AuditScope, AutoCloseable {
  /** An audit log with its defaults; see {@link AuditLogBuilder}. */
  static AuditLog create(Plinth plinth) {
    return builder(plinth).build();
  }

  /** Begins an audit log. */
  static AuditLogBuilder builder(Plinth plinth) {
    return new AuditLogBuilder(plinth);
  }

  /**
   * Stops recording the events of other modules. Records may still be written and read. Does
   * nothing the second time.
   */
  @Override
  void close();
}
