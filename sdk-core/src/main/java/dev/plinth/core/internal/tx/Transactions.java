package dev.plinth.core.internal.tx;

import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.tx.ConnectionSource;
import dev.plinth.core.tx.DatabaseException;
import dev.plinth.core.tx.JoinedTx;
import dev.plinth.core.tx.TransactionAbortedException;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens transactions, finds the one the caller is in, and joins those of the host. Safe for use by
 * many threads; what is bound to a thread is only the transaction it is in.
 */
public final class Transactions {
  private static final Logger log = LoggerFactory.getLogger(Transactions.class);
  private static final long FIRST_BACKOFF_NANOS = 5_000_000;
  private static final long LAST_BACKOFF_NANOS = 500_000_000;

  private final ConnectionSource source;
  private final TxCounts counts = new TxCounts();
  private final TenantSetting tenantSetting;

  /** Not static: two Plinths in one thread have nothing to do with each other's transactions. */
  @SuppressWarnings("ThreadLocalUsage")
  private final ThreadLocal<@Nullable OwnTx> own = new ThreadLocal<>();

  /** Takes connections from the source, as a role that no policy binds. */
  public Transactions(ConnectionSource source) {
    this(source, false);
  }

  /** Takes connections from the source; tells the database the tenant where policies ask for it. */
  public Transactions(ConnectionSource source, boolean rowLevelSecurity) {
    this.source = source;
    this.tenantSetting = new TenantSetting(rowLevelSecurity);
  }

  /** True when policies ask every transaction for its tenant. */
  public boolean isRowLevelSecurity() {
    return tenantSetting.isInUse();
  }

  /** Where connections come from. */
  public ConnectionSource source() {
    return source;
  }

  /** How many there were, and how they ended. */
  public TxCounts counts() {
    return counts;
  }

  /** The transaction the calling thread is in: Plinth's own, else the environment's. */
  public Optional<Tx> current() {
    return current(null);
  }

  /** True when the calling thread is in a transaction; sends nothing and checks nothing. */
  public boolean isInTransaction() {
    return own.get() != null || source.current().isPresent();
  }

  /** As {@link #current()}, refusing one of another tenant than is wanted. */
  public Optional<Tx> current(@Nullable String tenant) {
    OwnTx mine = own.get();
    if (mine != null) {
      if (mine.isOneStatement()) {
        throw new IllegalStateException(
            "The calling thread writes a batch that said to be one statement: there is no"
                + " transaction to take part in. Use its Tx, or let isOneStatement return false");
      }
      if (tenant != null && !tenant.equals(mine.tenantId().orElse(null))) {
        throw new IllegalStateException(
            "The calling thread is in a transaction of another tenant: end that one first, or use"
                + " transactSeparately");
      }
      return Optional.of(mine);
    }
    return source
        .current()
        .map(
            connection -> {
              Joining.check(connection);
              tenantSetting.join(connection, tenant);
              return new HostTx(connection, tenant, source::afterCommit);
            });
  }

  /** Takes part in the host's transaction. */
  public JoinedTx join(Connection connection, @Nullable String tenant) {
    Joining.check(connection);
    tenantSetting.join(connection, tenant);
    return new HostTx(connection, tenant, callback -> false);
  }

  /** Works in the current transaction where there is one, else in a new one. */
  public <T extends @Nullable Object, X extends Exception> T inCurrentOrNew(
      TxOptions options, TxFunction<T, X> work) throws X {
    Args.notNull(options, "options");
    Args.notNull(work, "work");
    Optional<Tx> current = current(options.tenant());
    return current.isPresent() ? work.apply(current.get()) : inNew(options, work);
  }

  /** Works in a new transaction, whatever the calling thread is in. */
  public <T extends @Nullable Object, X extends Exception> T inNew(
      TxOptions options, TxFunction<T, X> work) throws X {
    return inNew(options, Kind.ORDINARY, work);
  }

  /** As {@link #inNew(TxOptions, TxFunction)}, of another kind. */
  public <T extends @Nullable Object, X extends Exception> T inNew(
      TxOptions options, Kind kind, TxFunction<T, X> work) throws X {
    Args.notNull(options, "options");
    Args.notNull(work, "work");
    return repeated(options, () -> once(open(), options, kind, work));
  }

  /** One attempt at a transaction. */
  interface Attempt<T extends @Nullable Object, X extends Exception> {
    T run() throws X;
  }

  /** Again after a failure to serialize and after a deadlock, as often as the options allow. */
  <T extends @Nullable Object, X extends Exception> T repeated(
      TxOptions options, Attempt<T, X> once) throws X {
    for (int attempt = 1; ; attempt++) {
      try {
        return once.run();
      } catch (Exception e) {
        if (attempt >= options.maxAttempts() || !SqlStates.isRetryable(e)) {
          throw e;
        }
        counts.repeated();
        log.debug("Repeating a transaction after SQLState {}", SqlStates.of(e).orElse("?"));
        pause(attempt);
      }
    }
  }

  /** Works once, on a connection that is closed afterwards, whatever happens. */
  public <T extends @Nullable Object, X extends Exception> T once(
      Connection connection, TxOptions options, Kind kind, TxFunction<T, X> work) throws X {
    OwnTx tx = new OwnTx(connection, options);
    T result;
    try {
      Before before = begin(connection, options, kind);
      boolean ended = false;
      try {
        result = bound(tx, work);
        requireCommittable(connection);
        commit(connection, kind);
        ended = true;
        counts.committed();
      } catch (Throwable e) {
        counts.failed(e);
        ended = rollback(connection, e);
        throw e;
      } finally {
        if (ended) {
          restore(connection, before);
        }
      }
    } finally {
      close(connection);
    }
    tx.callbacks().run();
    return result;
  }

  /** Works while the calling thread is in this transaction. */
  <T extends @Nullable Object, X extends Exception> T bound(OwnTx tx, TxFunction<T, X> work)
      throws X {
    OwnTx outer = own.get();
    own.set(tx);
    try {
      return work.apply(tx);
    } finally {
      if (outer == null) {
        own.remove();
      } else {
        own.set(outer);
      }
    }
  }

  Connection open() {
    try {
      return source.open();
    } catch (SQLException e) {
      throw Failures.noConnection(e);
    }
  }

  /** What of a connection was changed, and must be set back. */
  private record Before(boolean autoCommit, boolean writable) {}

  private Before begin(Connection connection, TxOptions options, Kind kind) {
    try {
      boolean writable = kind.begin(connection);
      boolean autoCommit = connection.getAutoCommit();
      if (autoCommit) {
        connection.setAutoCommit(false);
      }
      if (options.isolation() != TxOptions.Isolation.DEFAULT) {
        try (Statement statement = connection.createStatement()) {
          statement.execute(
              "SET TRANSACTION ISOLATION LEVEL " + options.isolation().name().replace('_', ' '));
        }
      }
      tenantSetting.begin(connection, options);
      return new Before(autoCommit, writable);
    } catch (SQLException e) {
      throw Failures.translate(e);
    }
  }

  /**
   * The work may have swallowed a failure. PostgreSQL answers the COMMIT of a failed transaction by
   * rolling it back, without an error; and a connection that is known to be lost is no case of an
   * unknown outcome.
   */
  private static void requireCommittable(Connection connection) {
    try {
      if (connection.isClosed()) {
        throw new DatabaseException(
            "The connection was lost or closed before the commit, so nothing is durable: repeat the"
                + " work",
            SqlStates.NO_CONNECTION,
            null);
      }
      if (Joining.hasFailed(connection)) {
        throw new TransactionAbortedException(
            "A statement of this transaction failed, and the work went on: PostgreSQL can only roll it"
                + " back. Let the exception pass, or use a savepoint around what may fail",
            null);
      }
    } catch (SQLException e) {
      throw Failures.translate(e);
    }
  }

  static void commit(Connection connection, Kind kind) {
    try {
      kind.commit(connection);
    } catch (SQLException e) {
      if (SqlStates.isConnectionLoss(e) || kind.isDoubtful(e)) {
        throw Failures.outcomeUnknown(e);
      }
      throw Failures.translate(e);
    }
  }

  /** False when the transaction may still be open. */
  static boolean rollback(Connection connection, Throwable reason) {
    try {
      connection.rollback();
      return true;
    } catch (SQLException e) {
      reason.addSuppressed(e);
      return false;
    }
  }

  /** Only for a transaction that has ended: JDBC commits one that is open. */
  private static void restore(Connection connection, Before before) {
    try {
      if (before.writable()) {
        connection.setReadOnly(false);
      }
      if (before.autoCommit()) {
        connection.setAutoCommit(true);
      }
    } catch (SQLException e) {
      log.debug("A connection could not be set back as it was; its pool will notice", e);
    }
  }

  static void close(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      log.debug("A connection could not be closed; its pool will notice", e);
    }
  }

  private static void pause(int attempt) {
    long bound = Math.min(LAST_BACKOFF_NANOS, FIRST_BACKOFF_NANOS << Math.min(attempt - 1, 10));
    LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(bound + 1));
  }
}
