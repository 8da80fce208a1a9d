package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Makes handlers end that were told to stop: cancels the statement that one waits for behind its
 * fence, and ends the claim of one that goes on all the same, so that the job can run elsewhere.
 * What such a handler writes afterwards is refused as a zombie's.
 */
final class Evict {
  // Not a session that has gone on to something else.
  private static final String CANCEL =
      """
      SELECT pg_catalog.pg_cancel_backend(a.pid)
      FROM pg_catalog.pg_stat_activity a
      WHERE a.pid = ?
        AND a.xact_start = ?::timestamptz
        AND a.state = 'active'
      """;

  // SKIP LOCKED: who holds the fence keeps its claim until its transaction ends.
  private static final String LOCK =
      """
      SELECT l.epoch
      FROM {schema}.job_leases l
      WHERE l.job_id = ?
        AND l.epoch = ?
      FOR UPDATE SKIP LOCKED
      """;

  private final Plinth plinth;
  private final Endings endings;
  private final String lock;

  Evict(Plinth plinth, Endings endings) {
    this.plinth = plinth;
    this.endings = endings;
    this.lock = plinth.schema().render(LOCK);
  }

  /** Cancels statements of transactions that hold the run's fence. */
  void cancelStatements(ActiveRun run) {
    for (Session session : run.fenced()) {
      plinth.transactSeparately(
          TxOptions.defaults(),
          tx ->
              Sql.query(
                  tx.connection(),
                  CANCEL,
                  row -> row.getBoolean(1),
                  session.pid(),
                  session.since()));
    }
  }

  /** Ends the run's claim, if it is free and nobody has ended it; true when this did. */
  boolean end(ActiveRun run, Ending ending) {
    AtomicBoolean taken = new AtomicBoolean();
    try {
      boolean ended =
          plinth.transactSeparately(
              TxOptions.defaults().withAllTenants(),
              tx -> {
                boolean free =
                    Sql.first(
                            tx.connection(),
                            lock,
                            row -> row.getInt(1),
                            run.job().id(),
                            run.job().epoch())
                        .isPresent();
                if (!free || !(taken.get() || run.end())) {
                  return false;
                }
                taken.set(true);
                return endings.writeIn(tx, ending);
              });
      if (ended) {
        endings.committed(ending);
      }
      return ended;
    } catch (RuntimeException e) {
      if (taken.get()) {
        // Whoever has the right to write the end must see it written.
        endings.submit(ending, true);
      }
      throw e;
    }
  }
}
