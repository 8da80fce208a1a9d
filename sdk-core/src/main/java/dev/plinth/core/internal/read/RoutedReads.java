package dev.plinth.core.internal.read;

import dev.plinth.core.internal.tx.Kind;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.read.LogPosition;
import dev.plinth.core.read.ReadOptions;
import dev.plinth.core.read.Reads;
import dev.plinth.core.read.WhenBehind;
import dev.plinth.core.read.Written;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.tx.ConnectionSource;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import java.sql.Connection;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends each read to the replica or the primary, and repeats on the primary what the replica broke
 * off. Safe for use by many threads.
 */
public final class RoutedReads implements Reads {
  private static final Logger log = LoggerFactory.getLogger(RoutedReads.class);
  private static final int ATTEMPTS = 5;

  private final Transactions transactions;
  private final ConnectionSource source;
  private final Replica replica;
  private volatile @Nullable String system;

  /** Opens nothing. */
  public RoutedReads(Transactions transactions) {
    this.transactions = transactions;
    this.source = transactions.source();
    this.replica = new Replica(source);
  }

  /** How many reads went where. */
  public ReadCounts counts() {
    return replica.counts();
  }

  @Override
  public <T extends @Nullable Object, X extends Exception> T read(TxFunction<T, X> work) throws X {
    return read(ReadOptions.defaults(), work);
  }

  @Override
  public <T extends @Nullable Object, X extends Exception> T read(
      ReadOptions options, TxFunction<T, X> work) throws X {
    Args.notNull(options, "options");
    Args.notNull(work, "work");
    Optional<Tx> current = transactions.current(options.tenant());
    if (current.isPresent()) {
      return work.apply(current.get());
    }
    TxOptions plain =
        new TxOptions(
            options.isolation(), TxOptions.defaults().maxAttempts(), options.tenant(), false);
    return source.readsElsewhere()
        ? elsewhere(options, plain, work)
        : transactions.inNew(plain, Kind.READ_ONLY, work);
  }

  private <T extends @Nullable Object, X extends Exception> T elsewhere(
      ReadOptions options, TxOptions plain, TxFunction<T, X> work) throws X {
    boolean mayFallBack = options.whenBehind() instanceof WhenBehind.FallBackToPrimary;
    for (int attempt = 1; ; attempt++) {
      Connection connection = replica.connection(options);
      if (connection == null) {
        return transactions.inNew(plain, Kind.READ_ONLY, work);
      }
      try {
        return transactions.once(connection, plain, Kind.READ_ONLY, work);
      } catch (Exception e) {
        boolean lost = SqlStates.isConnectionLoss(e);
        if (!lost && !SqlStates.isRetryable(e)) {
          throw e;
        }
        if (lost) {
          replica.lost(e);
        }
        if (mayFallBack) {
          log.debug("Repeating on the primary what the replica broke off", e);
          replica.counts().brokenOff();
          return transactions.inNew(plain, Kind.READ_ONLY, work);
        }
        if (lost || attempt >= ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  @Override
  public <T extends @Nullable Object, X extends Exception> Written<T> writing(
      TxOptions options, TxFunction<T, X> work) throws X {
    Args.notNull(options, "options");
    Args.notNull(work, "work");
    refuseInTransaction();
    PositionedCommit commit = new PositionedCommit(system());
    T result = transactions.inNew(options, commit, work);
    return new Written<>(result, commit.position());
  }

  @Override
  public LogPosition position() {
    refuseInTransaction();
    String of = system();
    return transactions.inNew(
        TxOptions.defaults(),
        tx ->
            Sql.query(
                    tx.connection(),
                    PositionedCommit.POSITION,
                    row -> PositionedCommit.read(of, row))
                .get(0));
  }

  private void refuseInTransaction() {
    if (transactions.isInTransaction()) {
      throw new IllegalStateException(
          "The calling thread is in a transaction, whose commit alone has a position: ask after it, or"
              + " use reads().writing(…) for the outermost one");
    }
  }

  /** Asked once: a cluster keeps its identifier through every failover. */
  private String system() {
    String known = system;
    if (known == null) {
      known =
          transactions.inNew(
              TxOptions.defaults(),
              tx ->
                  Sql.query(
                          tx.connection(),
                          "SELECT s.system_identifier::text FROM pg_catalog.pg_control_system() s",
                          row -> row.getString(1))
                      .get(0));
      system = known;
    }
    return known;
  }
}
