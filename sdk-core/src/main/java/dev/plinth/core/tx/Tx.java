package dev.plinth.core.tx;

import java.sql.Connection;
import java.util.Optional;

/**
 * One database transaction, Plinth's own or the host's, in which modules do their work: {@code
 * quotas.in(tx).charge(…)}.
 *
 * <p>A {@code Tx} belongs to one thread at a time and is of no use after its transaction has ended.
 */
public interface Tx {
  /**
   * The connection of this transaction, for the host's own SQL. Plinth never commits, rolls back,
   * closes or changes auto-commit on a connection it was handed, and expects the same of work that
   * runs inside {@code plinth.transact}.
   */
  Connection connection();

  /** True when the host owns this transaction and Plinth merely takes part in it. */
  boolean isJoined();

  /** The tenant whose rows this transaction writes; empty in an installation without tenants. */
  Optional<String> tenantId();

  /**
   * Runs the callback once this transaction has committed, on the committing thread and with no
   * connection held; never when it rolls back. A callback that throws is logged and does not
   * disturb the others.
   *
   * <p>In a transaction of Plinth's own this always happens (unless the process dies first). In a
   * joined one it happens when the {@link ConnectionSource} can tell the end of the host's
   * transaction, or when the host calls {@link JoinedTx#committed()}; otherwise never. So callbacks
   * may only make things faster, never correct.
   */
  void afterCommit(Runnable callback);
}
