package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.UUID;

/**
 * Folds appended deltas into batch counters, and ends batches whose jobs have all ended: status,
 * callback and event in one transaction, under the batch's row lock, and so once.
 */
final class Fold implements Sweep {
  private static final int AT_ONCE = 100;
  private static final int ITEMS = 10_000;

  // The lock comes in a statement of its own: the next one then sees every delta that was committed
  // before the lock was had, and none that another fold has already added.
  private static final String LOCK =
      """
      SELECT b.id
      FROM {schema}.batch_job_collections b
      WHERE b.id IN ({touched})
      LIMIT ?
      FOR NO KEY UPDATE SKIP LOCKED
      """;
  private static final String LOCK_ONE =
      """
      SELECT b.id
      FROM {schema}.batch_job_collections b
      WHERE b.id = ?
      FOR NO KEY UPDATE SKIP LOCKED
      """;
  private static final String TOUCHED =
      """
      SELECT b.id
      FROM {schema}.batch_job_collections b
      WHERE b.id IN ({touched})
      LIMIT ?
      """;
  // Looks at what may not have been folded yet, and not at the dead rows before that.
  private static final String IN_STRETCHES =
      """
      SELECT d.batch_id
      FROM {stretches}
      CROSS JOIN LATERAL (
        SELECT d.batch_id
        FROM {schema}.batch_deltas d
        WHERE d.xid >= s.low
          AND d.xid < s.high
        OFFSET 0
      ) d
      """;
  private static final String FOLD =
      """
      WITH given AS MATERIALIZED (
        SELECT d.place
        FROM unnest((SELECT ?::uuid[])) AS g(batch_id)
        CROSS JOIN {stretches}
        CROSS JOIN LATERAL (
          SELECT d.ctid AS place
          FROM {schema}.batch_deltas d
          WHERE d.batch_id = g.batch_id
            AND d.xid >= s.low
            AND d.xid < s.high
          OFFSET 0
        ) d
      ), gone AS (
        DELETE FROM {schema}.batch_deltas d
        USING given g
        WHERE d.ctid = g.place
        RETURNING d.batch_id, d.total, d.completed, d.failed, d.cancelled, d.total_batches,
                  d.completed_batches, d.failed_batches, d.cancelled_batches, d.started_at
      ), sums AS (
        SELECT g.batch_id, sum(g.total)::bigint AS total, sum(g.completed)::bigint AS completed,
               sum(g.failed)::bigint AS failed, min(g.started_at) AS started_at,
               sum(g.cancelled)::bigint AS cancelled, sum(g.total_batches) AS total_batches,
               sum(g.completed_batches) AS completed_batches,
               sum(g.failed_batches) AS failed_batches,
               sum(g.cancelled_batches) AS cancelled_batches
        FROM gone g
        GROUP BY g.batch_id
      )
      UPDATE {schema}.batch_job_collections b
      SET total_jobs = b.total_jobs + s.total,
          completed_jobs = b.completed_jobs + s.completed,
          failed_jobs = b.failed_jobs + s.failed,
          cancelled_jobs = b.cancelled_jobs + s.cancelled,
          total_batches = b.total_batches + s.total_batches,
          completed_batches = b.completed_batches + s.completed_batches,
          failed_batches = b.failed_batches + s.failed_batches,
          cancelled_batches = b.cancelled_batches + s.cancelled_batches,
          started_at = LEAST(b.started_at, s.started_at)
      FROM sums s
      WHERE b.id = s.batch_id
      """;
  private final Marked deltas;
  private final String lock;
  private final String lockOne;
  private final String touched;
  private final String fold;
  private final EndBatches ends;

  Fold(Schema schema, EndBatches ends) {
    this.deltas = new Marked(schema, "batch_deltas");
    String inStretches = IN_STRETCHES.replace("{stretches}", Marked.STRETCHES);
    this.lock = schema.render(LOCK.replace("{touched}", inStretches));
    this.lockOne = schema.render(LOCK_ONE);
    this.touched = schema.render(TOUCHED.replace("{touched}", inStretches));
    this.fold = schema.render(FOLD.replace("{stretches}", Marked.STRETCHES));
    this.ends = ends;
  }

  /** Folds what nobody else is folding. */
  @Override
  public boolean chunk(Tx tx) {
    return deltas.look(tx) && fold(tx, batches(tx, lock, AT_ONCE)) == AT_ONCE;
  }

  @Override
  public List<UUID> items(Tx tx) {
    return deltas.look(tx) ? List.of(batches(tx, touched, ITEMS)) : List.of();
  }

  @Override
  public void item(Tx tx, UUID id) {
    deltas.look(tx);
    fold(
        tx,
        Sql.query(tx.connection(), lockOne, row -> row.getObject(1, UUID.class), id)
            .toArray(UUID[]::new));
  }

  private UUID[] batches(Tx tx, String statement, int limit) {
    return Sql.query(
            tx.connection(),
            statement,
            row -> row.getObject(1, UUID.class),
            deltas.lows(),
            deltas.highs(),
            limit)
        .toArray(UUID[]::new);
  }

  /** Folds batches whose rows this transaction has locked; returns how many. */
  private int fold(Tx tx, UUID[] batches) {
    if (batches.length > 0) {
      Sql.update(tx.connection(), fold, batches, deltas.lows(), deltas.highs());
      ends.write(tx, batches);
    }
    return batches.length;
  }
}
