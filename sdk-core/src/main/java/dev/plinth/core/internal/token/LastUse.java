package dev.plinth.core.internal.token;

import dev.plinth.core.internal.Threads;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes when tokens were last used, at most so often per row as the statement's condition allows,
 * whatever the number of nodes. Readers only hand in an id: a thread of the executor writes what
 * has gathered, in one statement that skips rows that are locked. Where Plinth was not started and
 * so has no threads, a reader writes it: on the connection it has if that is in auto-commit, else,
 * since a failure would abort the transaction that it reads in, after that has ended.
 *
 * <p>Whatever fails here is logged and forgotten: the next use says it again.
 */
public final class LastUse {
  private static final Logger log = LoggerFactory.getLogger(LastUse.class);
  private static final int MAX_WAITING = 100_000;
  private static final int MAX_BATCH = 500;
  private static final long PAUSE_NANOS = 10_000_000_000L;

  private final Transactions transactions;
  private final Threads threads;
  private final BooleanSupplier started;
  private final String update;
  private final Map<UUID, Instant> waiting = new ConcurrentHashMap<>();
  private final AtomicBoolean writing = new AtomicBoolean();
  private volatile long pausedUntil = System.nanoTime();

  /**
   * Writes by the given statement.
   *
   * @param update takes an array of ids and an array of times as text
   */
  public LastUse(
      Transactions transactions,
      Threads threads,
      BooleanSupplier started,
      Schema schema,
      String update) {
    this.transactions = transactions;
    this.threads = threads;
    this.started = started;
    this.update = schema.render(update);
  }

  /** Notes a use, with no connection at hand. Never throws. */
  public void note(Found row) {
    Instant at = row.dueAt();
    if (at != null && waiting.size() < MAX_WAITING) {
      waiting.put(row.id(), at);
      if (started.getAsBoolean()) {
        schedule();
      }
    }
  }

  /** Notes a use; the reader has the given connection to itself. Never throws. */
  public void note(Found row, Connection connection) {
    note(row);
    if (row.dueAt() != null && isForReaders()) {
      try {
        if (connection.getAutoCommit()) {
          write(connection);
        }
      } catch (SQLException | RuntimeException e) {
        failed(e);
      }
    }
  }

  /** Writes what could not be written while the reader had a transaction open. Never throws. */
  public void afterReading() {
    if (!waiting.isEmpty() && isForReaders()) {
      try {
        writeInNew();
      } catch (RuntimeException e) {
        failed(e);
      }
    }
  }

  private boolean isForReaders() {
    return !started.getAsBoolean() && mayWrite();
  }

  private void schedule() {
    if (mayWrite() && writing.compareAndSet(false, true)) {
      try {
        threads.execute(this::writeAll);
      } catch (RuntimeException e) {
        writing.set(false);
        failed(e);
      }
    }
  }

  private void writeAll() {
    try {
      while (!waiting.isEmpty() && mayWrite()) {
        writeInNew();
      }
    } catch (RuntimeException e) {
      failed(e);
    } finally {
      writing.set(false);
    }
    // One that came between the last look and the flag would wait for the next use.
    if (!waiting.isEmpty()) {
      schedule();
    }
  }

  private void writeInNew() {
    transactions.inNew(
        TxOptions.defaults().withMaxAttempts(1).withAllTenants(), tx -> write(tx.connection()));
  }

  private int write(Connection connection) {
    Map<UUID, Instant> batch = take();
    return Sql.update(
        connection,
        update,
        batch.keySet().toArray(UUID[]::new),
        batch.values().stream().map(Instant::toString).toArray(String[]::new));
  }

  private Map<UUID, Instant> take() {
    Map<UUID, Instant> batch = new LinkedHashMap<>();
    Iterator<Map.Entry<UUID, Instant>> entries = waiting.entrySet().iterator();
    while (entries.hasNext() && batch.size() < MAX_BATCH) {
      Map.Entry<UUID, Instant> entry = entries.next();
      if (waiting.remove(entry.getKey(), entry.getValue())) {
        batch.put(entry.getKey(), entry.getValue());
      }
    }
    return batch;
  }

  private boolean mayWrite() {
    return System.nanoTime() - pausedUntil >= 0;
  }

  private void failed(Exception failure) {
    pausedUntil = System.nanoTime() + PAUSE_NANOS;
    log.debug("The last use of tokens could not be written; it is tried again later", failure);
  }
}
