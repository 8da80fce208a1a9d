package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthException;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Children;
import dev.plinth.jobs.Progress;
import java.sql.Connection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a run writes while its handler is at work. */
final class RunSql {
  private static final Logger log = LoggerFactory.getLogger(RunSql.class);

  // FOR SHARE: FOR KEY SHARE would let a rescue delete the row.
  private static final String FENCE =
      """
      SELECT pg_catalog.pg_backend_pid() AS pid, pg_catalog.transaction_timestamp() AS since
      FROM {schema}.job_leases l
      WHERE l.job_id = ?
        AND l.epoch = ?
      FOR SHARE
      """;

  private final Plinth plinth;
  private final Complete complete;
  private final ProgressRows progressRows;
  private final Control control;
  private final Runnable batchesTouched;
  private final Statements statements;
  private final Runnable ended;
  private final Runnable limitedEnded;
  private final String fence;

  RunSql(
      Plinth plinth,
      Complete complete,
      ProgressRows progressRows,
      Control control,
      Runnable batchesTouched,
      Statements statements,
      Runnable ended,
      Runnable limitedEnded) {
    this.plinth = plinth;
    this.complete = complete;
    this.progressRows = progressRows;
    this.control = control;
    this.batchesTouched = batchesTouched;
    this.statements = statements;
    this.ended = ended;
    this.limitedEnded = limitedEnded;
    this.fence = plinth.schema().render(FENCE);
  }

  /** The session that has the fence now; empty when the claim no longer holds. */
  Optional<Session> fence(Connection connection, Claimed job) {
    return Sql.first(
        connection,
        fence,
        row ->
            new Session(
                row.getInt("pid"), Objects.requireNonNull(Sql.instant(row, "since"), "since")),
        job.id(),
        job.epoch());
  }

  boolean complete(Tx tx, Claimed job, @Nullable Object result, @Nullable Progress progress) {
    Ending.Completed ending =
        new Ending.Completed(job, result == null ? null : plinth.json().write(result), progress);
    Set<UUID> written = complete.writeInHostsTransaction(tx, ending);
    boolean held = !written.isEmpty();
    control.completed(tx, List.of(ending), written);
    control.watched().changed(tx, written);
    if (held && job.batchId() != null) {
      tx.afterCommit(batchesTouched);
    }
    if (held && job.isLimited()) {
      tx.afterCommit(limitedEnded);
    }
    if (held) {
      tx.afterCommit(ended);
    }
    return held;
  }

  RunSteps steps(ActiveRun run) {
    return new RunSteps(plinth, statements.steps(), run);
  }

  /** What a run enqueues in a transaction at hand. */
  Children children(ActiveRun run, Tx tx) {
    return children(run, TxScope.of(tx));
  }

  /** What it enqueues in the thread's current transaction, or else in one of the job's tenant. */
  Children children(ActiveRun run) {
    return children(
        run,
        TxScope.standalone(
            plinth,
            run.tenantId()
                .map(tenant -> TxOptions.defaults().withTenant(tenant))
                .orElse(TxOptions.defaults())));
  }

  private Children children(ActiveRun run, TxScope scope) {
    return new RunChildren(run, scope, fenced -> TxJobQueue.in(plinth, statements, fenced));
  }

  /** True when writing would take a second connection, which the pool may not have. */
  boolean isInTransaction() {
    return plinth.currentTransaction().isPresent();
  }

  /** False when the claim no longer holds; a database out of reach is no reason to stop. */
  boolean report(Claimed job, Progress progress) {
    try {
      return plinth.transactSeparately(
          TxOptions.defaults(),
          tx -> {
            boolean held = progressRows.report(tx, job, progress);
            control.watched().changed(tx, List.of(job.id()));
            return held;
          });
    } catch (PlinthException e) {
      log.debug("The progress of job {} could not be written", job.id(), e);
      return true;
    }
  }
}
