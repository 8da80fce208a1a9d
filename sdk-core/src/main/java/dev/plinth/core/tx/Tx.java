package dev.plinth.core.tx;

import dev.plinth.core.spi.Args;
import java.sql.Connection;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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

  /**
   * Does work behind a savepoint, for what may be refused while the rest of the transaction goes
   * on. When the work throws, all that it wrote on this connection is taken back, the callbacks
   * that it registered with this {@code Tx} are forgotten, and the exception passes on to the
   * caller, who may catch it. What the work did to anything but the database stays.
   *
   * <p>Costs two round trips, a third of a small transaction. More than 64 savepoints that wrote
   * something in one transaction slow down every session of the server, so put one around a batch
   * of items, and none around each. After a failure to serialize (40001) let the exception pass: a
   * savepoint does not give the transaction another snapshot.
   *
   * @param work gets this very {@code Tx}; whatever it throws takes its writes back
   * @throws TransactionAbortedException when the transaction has already failed; and when the work
   *     caught a failed statement and returned as if nothing had happened, in which case it is
   *     taken back like one that throws
   * @throws NoTransactionException when the connection is in auto-commit mode or closed
   */
  default <X extends Exception> void inSavepoint(TxAction<X> work) throws X {
    Args.notNull(work, "work");
    inSavepointReturning(
        tx -> {
          work.run(tx);
          return Boolean.TRUE;
        });
  }

  /** Like {@link #inSavepoint}, for work that returns a value, which may be null. */
  <T extends @Nullable Object, X extends Exception> T inSavepointReturning(TxFunction<T, X> work)
      throws X;
}
