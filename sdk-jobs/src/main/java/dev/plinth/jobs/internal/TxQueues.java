package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.jobs.QueueState;
import dev.plinth.jobs.Queues;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@link Queues} in a scope. */
public final class TxQueues implements Queues {
  private static final String PAUSE =
      """
      INSERT INTO {schema}.job_queues (queue, paused_at, paused_by, reason)
      VALUES (?, {now}, ?::text, ?::text)
      ON CONFLICT (queue) DO NOTHING
      """;
  private static final String RESUME =
      """
      DELETE FROM {schema}.job_queues
      WHERE queue = ?
      """;

  // Waiting jobs are not counted: each queue costs a probe of an index in each table.
  private static final String LIST =
      """
      WITH RECURSIVE ready AS (
        (SELECT r.queue FROM {schema}.job_ready r ORDER BY r.queue LIMIT 1)
        UNION ALL
        SELECT n.queue
        FROM ready q
        CROSS JOIN LATERAL (
          SELECT r.queue
          FROM {schema}.job_ready r
          WHERE r.queue > q.queue
          ORDER BY r.queue
          LIMIT 1
        ) n
      ), parked AS (
        (SELECT p.queue FROM {schema}.job_parked p ORDER BY p.queue LIMIT 1)
        UNION ALL
        SELECT n.queue
        FROM parked q
        CROSS JOIN LATERAL (
          SELECT p.queue
          FROM {schema}.job_parked p
          WHERE p.queue > q.queue
          ORDER BY p.queue
          LIMIT 1
        ) n
      ), known AS (
        SELECT r.queue COLLATE "C" AS queue FROM ready r
        UNION
        SELECT p.queue FROM parked p
        UNION
        SELECT q.queue FROM {schema}.job_queues q
        UNION
        SELECT l.name FROM {schema}.job_limits l WHERE l.scope = 'queue'
      )
      SELECT k.queue, q.paused_at, q.paused_by, q.reason
      FROM known k
      LEFT JOIN {schema}.job_queues q ON q.queue = k.queue
      ORDER BY k.queue
      """;

  private final GateHints gateHints;
  private final Hints hints;
  private final TxScope scope;
  private final String pause;
  private final String resume;
  private final String list;

  private TxQueues(Schema schema, Statements statements, TxScope scope) {
    this.gateHints = statements.gateHints();
    this.hints = statements.hints();
    this.scope = scope;
    this.pause = schema.render(PAUSE);
    this.resume = schema.render(RESUME);
    this.list = schema.render(LIST);
  }

  /** Works in the thread's current transaction or a short one of its own. */
  public static TxQueues standalone(Plinth plinth, Statements statements) {
    return new TxQueues(plinth.schema(), statements, TxScope.standalone(plinth));
  }

  @Override
  public boolean pause(String queue, @Nullable String by, @Nullable String reason) {
    Args.text(queue, 100, "queue");
    if (by != null) {
      Args.text(by, 255, "by");
    }
    if (reason != null) {
      Args.text(reason, 500, "reason");
    }
    return scope.returning(
        tx -> {
          int changed = Sql.update(Writable.require(tx).connection(), pause, queue, by, reason);
          gateHints.changed(tx);
          return changed > 0;
        });
  }

  @Override
  public boolean resume(String queue) {
    Args.text(queue, 100, "queue");
    return scope.returning(
        tx -> {
          int changed = Sql.update(Writable.require(tx).connection(), resume, queue);
          gateHints.changed(tx);
          hints.ready(tx, queue);
          return changed > 0;
        });
  }

  @Override
  public List<QueueState> list() {
    return scope.returning(
        tx ->
            Sql.query(
                tx.connection(),
                list,
                row ->
                    new QueueState(
                        row.getString("queue"),
                        Sql.instant(row, "paused_at"),
                        row.getString("paused_by"),
                        row.getString("reason"))));
  }
}
