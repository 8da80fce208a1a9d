package dev.plinth.audit;

import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The audit log in one scope: standalone, or in a transaction; with a request's context, or none.
 *
 * <p>Standalone calls run in the thread's current transaction where there is one, else in a short
 * one of their own. In a transaction on behalf of a tenant, records are that tenant's and only its
 * records are found. Calls block. A scope is safe for use by many threads, unless it is that of a
 * transaction, which belongs to one thread at a time.
 */
public interface AuditScope {
  /** The same in this transaction: what is recorded commits or vanishes with it. */
  AuditScope in(Tx tx);

  /**
   * The same for this request: what an action leaves open of actor, session, address, program,
   * request and trace is taken from the context.
   */
  AuditScope with(AuditContext context);

  /**
   * Records an action, by one statement, in this scope's transaction. When the call returns and the
   * transaction commits, the record is durable; when it rolls back, there is none.
   *
   * <p>An action that carries its own id may be recorded again after a lost connection: the first
   * record stays and nothing is added. What can be refused is refused before PostgreSQL would abort
   * the transaction.
   *
   * @return the record's id
   * @throws IllegalArgumentException when neither the action nor the context names an actor, or the
   *     action's tenant is not the transaction's
   * @throws ImplausibleIdException when the id's time is more than seven days behind the database's
   *     or more than an hour ahead; nothing was written
   * @throws MissingPartitionException when no partition takes the id; nothing was written
   */
  UUID record(Action action);

  /**
   * Records several actions, in order and in one round trip, all or none; otherwise as {@link
   * #record}. A refusal after the round trip leaves the others written, for the transaction to roll
   * back.
   *
   * @param actions at most 10,000
   * @return their ids, in the same order
   */
  List<UUID> recordAll(List<Action> actions);

  /** The record with this id. */
  Optional<AuditEntry> find(UUID id);

  /** What happened to a thing, newest first. */
  Page<AuditEntry> history(String resourceType, String resourceId, PageRequest page);

  /** What a user or an API key did, newest first. */
  Page<AuditEntry> timeline(UUID actorId, PageRequest page);

  /** The records that meet all conditions, newest first. */
  Page<AuditEntry> search(AuditQuery query, PageRequest page);

  /** The sessions that actions may name. */
  AuditSessions sessions();
}
