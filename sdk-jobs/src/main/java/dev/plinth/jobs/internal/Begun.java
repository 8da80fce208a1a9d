package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.batch.GroupCommit;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * Marks last attempts before their handlers begin, many in one statement. Only a marked one is
 * failed when its instance dies; others cost nothing.
 */
final class Begun implements GroupCommit.Batch<Claimed, Boolean> {
  private static final int MAX_BATCH = 500;
  private static final int MAX_WAITING = 2_000;
  private static final String BEGIN =
      """
      WITH given AS MATERIALIZED (
        SELECT *
        FROM unnest((SELECT ?::uuid[]), ?::integer[]) AS g(job_id, epoch)
      )
      UPDATE {schema}.job_leases l
      SET begun = TRUE
      FROM given h
      WHERE {lease}
      RETURNING l.job_id
      """
          .replace("{lease}", ByKey.lease("l", "h"));

  private final String begin;
  private final GroupCommit<Claimed, Boolean> commit;

  Begun(Plinth plinth) {
    this.begin = plinth.schema().render(BEGIN);
    this.commit = plinth.groupCommit("jobs.begun", MAX_BATCH, MAX_WAITING, this);
  }

  /** Returns when the mark is durable where there must be one; false when the claim is lost. */
  boolean mark(Claimed job) {
    return job.attempt() < job.maxAttempts() || commit.call(job);
  }

  /** Leases locked by a process that stops answering could not be found to have expired. */
  @Override
  public boolean isOneStatement(List<Claimed> jobs) {
    return true;
  }

  @Override
  public List<Boolean> write(Tx tx, List<Claimed> jobs) {
    Set<UUID> held =
        new HashSet<>(
            Sql.query(
                tx.connection(),
                begin,
                row -> row.getObject(1, UUID.class),
                jobs.stream().map(Claimed::id).toArray(UUID[]::new),
                jobs.stream().map(Claimed::epoch).toArray(Integer[]::new)));
    return jobs.stream().map(job -> held.contains(job.id())).toList();
  }
}
