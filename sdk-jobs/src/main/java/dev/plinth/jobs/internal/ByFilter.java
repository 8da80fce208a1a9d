package dev.plinth.jobs.internal;

import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.BatchClosedException;
import dev.plinth.jobs.CancelResult;
import dev.plinth.jobs.Cancellation;
import dev.plinth.jobs.Job;
import dev.plinth.jobs.JobFilter;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.Page;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/** Does the same to many jobs, chunk by chunk, each in a transaction of the scope. */
final class ByFilter {
  private static final int AT_ONCE = 200;

  private final Statements statements;
  private final TxScope scope;

  ByFilter(Statements statements, TxScope scope) {
    this.statements = statements;
    this.scope = scope;
  }

  /** What became of a chunk: the last job looked at, and how many were changed. */
  private record Chunk(JobId last, int changed) {}

  int retry(JobFilter filter, int max) {
    return walk(filter.status(JobStatus.FAILED), max, this::retry);
  }

  private int retry(Tx tx, List<JobId> ids) {
    return (int) ids.stream().filter(id -> revive(tx, id)).count();
  }

  private boolean revive(Tx tx, JobId id) {
    try {
      Optional<String> queue = statements.retry().run(tx, id);
      queue.ifPresent(name -> statements.hints().ready(tx, name));
      return queue.isPresent();
    } catch (BatchClosedException e) {
      // Thrown before anything is written; the job stays a dead letter.
      return false;
    }
  }

  int cancel(JobFilter filter, int max, Cancellation cancellation) {
    int cancelled = 0;
    for (JobStatus status : JobStatus.values()) {
      boolean meant = filter.status() == null ? !status.isEnded() : status == filter.status();
      if (meant && cancelled < max) {
        cancelled +=
            walk(
                filter.status(status), max - cancelled, (tx, ids) -> cancel(tx, ids, cancellation));
      }
    }
    return cancelled;
  }

  private int cancel(Tx tx, List<JobId> ids, Cancellation cancellation) {
    return (int)
        statements
            .control()
            .cancelling()
            .run(tx, ids.stream().map(JobId::value).toList(), cancellation)
            .values()
            .stream()
            .filter(result -> result != CancelResult.NOT_PENDING)
            .count();
  }

  private int walk(JobFilter filter, int max, BiFunction<Tx, List<JobId>, Integer> work) {
    int changed = 0;
    JobId last = null;
    while (changed < max) {
      Page page = new Page(last, Math.min(AT_ONCE, max - changed));
      Optional<Chunk> chunk =
          scope.returning(
              tx -> {
                List<JobId> ids =
                    statements.read().list(Writable.require(tx), filter, page).stream()
                        .map(Job::id)
                        .toList();
                return ids.isEmpty()
                    ? Optional.empty()
                    : Optional.of(new Chunk(ids.get(ids.size() - 1), work.apply(tx, ids)));
              });
      if (chunk.isEmpty()) {
        return changed;
      }
      changed += chunk.get().changed();
      last = chunk.get().last();
    }
    return changed;
  }
}
