package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * Walks over everything that waits, a bounded stretch at a time, and finds what no signal told of:
 * the end of a parent that was being written, under an older snapshot, while the edge to it was.
 * Used by one thread.
 */
final class SweepEdges implements Sweep {
  static final Duration PERIOD = Duration.ofSeconds(5);
  private static final int AT_ONCE = 10_000;
  private static final UUID START = new UUID(0, 0);

  private static final String LOOK =
      """
      SELECT v.job_id, v.parent_id, v.status, v.verdict
      FROM (
        SELECT e.job_id, e.parent_id, p.status, {verdict} AS verdict
        FROM (
          SELECT e.*
          FROM {schema}.job_edges e
          WHERE (e.job_id, e.parent_id) > (?, ?)
          ORDER BY e.job_id, e.parent_id
          LIMIT ?
        ) e
        {parent}
      ) v
      WHERE v.verdict IS NOT NULL
      """;
  private static final String NEXT =
      """
      SELECT e.job_id, e.parent_id
      FROM {schema}.job_edges e
      WHERE (e.job_id, e.parent_id) > (?, ?)
      ORDER BY e.job_id, e.parent_id
      OFFSET ?
      LIMIT 1
      """;
  private static final String WAITING =
      """
      SELECT w.job_id,
             NOT EXISTS (SELECT FROM {schema}.job_edges e WHERE e.job_id = w.job_id) AS idle
      FROM {schema}.job_waiting w
      WHERE w.job_id > ?
      ORDER BY w.job_id
      LIMIT ?
      """;

  private final String look;
  private final String next;
  private final String waiting;
  private final Settle settle;
  private final Unblock unblock;
  private Edge after = new Edge(START, START);
  private UUID afterJob = START;

  SweepEdges(Schema schema, Settle settle, Unblock unblock) {
    this.look = schema.render(Settle.looking(LOOK));
    this.next = schema.render(NEXT);
    this.waiting = schema.render(WAITING);
    this.settle = settle;
    this.unblock = unblock;
  }

  private record Edge(UUID job, UUID parent) {}

  private record Waiting(UUID job, boolean idle) {}

  /** One stretch; the next one follows when the period has passed. */
  @Override
  public boolean chunk(Tx tx) {
    boolean any = waiting(tx);
    edges(tx);
    unblock.used(any);
    return false;
  }

  private void edges(Tx tx) {
    // Before the edges of this stretch go.
    Edge end =
        Sql.first(
                tx.connection(),
                next,
                row -> new Edge(row.getObject(1, UUID.class), row.getObject(2, UUID.class)),
                after.job(),
                after.parent(),
                AT_ONCE - 1)
            .orElse(new Edge(START, START));
    settle.edges(
        tx,
        Sql.query(tx.connection(), look, Settle.Verdict::of, after.job(), after.parent(), AT_ONCE));
    after = end;
  }

  /** True when anything waits. */
  private boolean waiting(Tx tx) {
    List<Waiting> stretch =
        Sql.query(
            tx.connection(),
            waiting,
            row -> new Waiting(row.getObject(1, UUID.class), row.getBoolean(2)),
            afterJob,
            AT_ONCE);
    boolean any = !stretch.isEmpty() || !afterJob.equals(START);
    settle.idle(tx, stretch.stream().filter(Waiting::idle).map(Waiting::job).toList());
    afterJob = stretch.size() < AT_ONCE ? START : stretch.get(stretch.size() - 1).job();
    return any;
  }
}
