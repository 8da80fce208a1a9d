package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Deletes ended jobs by the row, with what belongs to them, in short transactions and in the order
 * of their ids, so that nothing is looked at twice.
 */
final class RemoveEnded {
  private static final int AT_ONCE = 1_000;

  /** Tables with rows of a job, and the column that names it. */
  private static final Map<String, String> DEPENDENTS =
      Map.of("job_attempts", "job_id", "job_steps", "job_id");

  // A job that is just being revived is locked, and skipped. One that others still wait for stays:
  // they wait for its retry, or are about to hear of its end.
  private static final String REMOVE =
      """
      WITH old AS MATERIALIZED (
        SELECT j.id
        FROM {schema}.computational_jobs j
        WHERE j.id > ?
          AND j.id < ?
          AND j.status <> 'pending'
          AND j.completed_at < ?
          AND NOT EXISTS (SELECT FROM {schema}.job_edges e WHERE e.parent_id = j.id)
        ORDER BY j.id
        LIMIT ?
        FOR UPDATE SKIP LOCKED
      ), {dependents}
      gone AS (
        DELETE FROM {schema}.computational_jobs j
        USING old o
        WHERE j.id = o.id
        RETURNING j.id
      )
      SELECT (SELECT count(*) FROM gone) AS jobs,
             (SELECT o.id FROM old o ORDER BY o.id DESC LIMIT 1) AS last
      """;
  private static final String DEPENDENT =
      """
      of_%1$s AS (
        DELETE FROM {schema}.%1$s x
        USING old o
        WHERE x.%2$s = o.id
      ),
      """;

  private final Plinth plinth;
  private final String remove;

  RemoveEnded(Plinth plinth) {
    this.plinth = plinth;
    String dependents =
        DEPENDENTS.entrySet().stream()
            .map(table -> DEPENDENT.formatted(table.getKey(), table.getValue()))
            .collect(Collectors.joining());
    this.remove = plinth.schema().render(REMOVE.replace("{dependents}", dependents));
  }

  private record Chunk(long jobs, @Nullable UUID last) {}

  /**
   * Removes those that were made within the range and ended before the time; stops when the thread
   * is interrupted.
   *
   * @return how many
   */
  long run(Instant from, Instant to, Instant endedBefore) {
    long removed = 0;
    UUID after = Closing.lowest(from);
    while (after != null && !Thread.currentThread().isInterrupted()) {
      UUID start = after;
      Chunk chunk =
          plinth.transactSeparately(
              TxOptions.defaults().withAllTenants(),
              tx -> chunk(tx, start, Closing.lowest(to), endedBefore));
      removed += chunk.jobs();
      after = chunk.last();
    }
    return removed;
  }

  private Chunk chunk(Tx tx, UUID after, UUID before, Instant endedBefore) {
    return Sql.query(
            tx.connection(),
            remove,
            row -> new Chunk(row.getLong("jobs"), Sql.uuid(row, "last")),
            after,
            before,
            endedBefore,
            AT_ONCE)
        .get(0);
  }
}
