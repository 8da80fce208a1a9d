package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * Looks at the edges of jobs that signals name: from a parent that has ended to those that wait for
 * it, and from a job that was made to wait to its parents. Signals may be missed, so {@link
 * SweepEdges} is the truth behind this.
 */
final class Unblock implements Sweep {
  private static final int SIGNALS = 500;
  private static final int EDGES = 2_000;

  private static final String TAKE =
      """
      SELECT s.id, s.job_id
      FROM {schema}.job_signals s
      ORDER BY s.xid, s.id
      LIMIT ?
      FOR UPDATE SKIP LOCKED
      """;
  private static final String LOOK =
      """
      SELECT v.job_id, v.parent_id, v.status, v.verdict
      FROM (
        SELECT e.job_id, e.parent_id, p.status, {verdict} AS verdict
        FROM (
          SELECT e.*
          FROM unnest((SELECT ?::uuid[])) AS g(id)
          JOIN {schema}.job_edges e ON e.parent_id = g.id
          UNION
          SELECT e.*
          FROM unnest((SELECT ?::uuid[])) AS g(id)
          JOIN {schema}.job_edges e ON e.job_id = g.id
        ) e
        {parent}
      ) v
      WHERE v.verdict IS NOT NULL
      LIMIT ?
      """;
  private static final String DONE =
      """
      DELETE FROM {schema}.job_signals
      WHERE id = ANY (?::bigint[])
      """;

  private final String take;
  private final String look;
  private final String done;
  private final Settle settle;
  private volatile boolean inUse;

  Unblock(Schema schema, Settle settle) {
    this.take = schema.render(TAKE);
    this.look = schema.render(Settle.looking(LOOK));
    this.done = schema.render(DONE);
    this.settle = settle;
  }

  private record Signalled(Long id, UUID job) {}

  /** False while nothing seems to wait for anything, so that ends need no look at once. */
  boolean isInUse() {
    return inUse;
  }

  void used(boolean now) {
    inUse = now;
  }

  @Override
  public boolean chunk(Tx tx) {
    List<Signalled> signals =
        Sql.query(
            tx.connection(),
            take,
            row -> new Signalled(row.getLong(1), row.getObject(2, UUID.class)),
            SIGNALS);
    if (signals.isEmpty()) {
      return false;
    }
    used(true);
    UUID[] jobs = signals.stream().map(Signalled::job).distinct().toArray(UUID[]::new);
    List<Settle.Verdict> verdicts =
        Sql.query(tx.connection(), look, Settle.Verdict::of, jobs, jobs, EDGES);
    Set<UUID> left = settle.edges(tx, verdicts);
    boolean all = verdicts.size() < EDGES;
    if (all) {
      forget(tx, signals, verdicts, left);
    }
    // What was cancelled may have signalled on; and of more edges than one look takes the next one
    // sees the rest, under the same signals.
    long settled = verdicts.stream().filter(verdict -> !left.contains(verdict.job())).count();
    return settled > 0 || (all && signals.size() == SIGNALS && left.isEmpty());
  }

  /** But for those whose edges others are at, who may not have seen these parents' ends. */
  private void forget(
      Tx tx, List<Signalled> signals, List<Settle.Verdict> verdicts, Set<UUID> left) {
    List<UUID> kept = new ArrayList<>(left);
    verdicts.stream()
        .filter(verdict -> left.contains(verdict.job()))
        .forEach(verdict -> kept.add(verdict.parent()));
    Long[] ids =
        signals.stream()
            .filter(signal -> !kept.contains(signal.job()))
            .map(Signalled::id)
            .toArray(Long[]::new);
    Sql.update(tx.connection(), done, (Object) ids);
  }
}
