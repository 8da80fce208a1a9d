package dev.plinth.core.internal.maintenance;

import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.maintenance.TaskStatus;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The statements on {@code maintenance_tasks}; every time in them is the database's. */
final class TaskRows {
  private static final String KNOW =
      """
      INSERT INTO {schema}.maintenance_tasks (name)
      VALUES (?)
      ON CONFLICT (name) DO NOTHING
      """;

  /**
   * One row, so one winner. A holder that has a row in instances is believed no longer than that;
   * one that has none, since its Plinth was never started, until its lease ends.
   */
  private static final String CLAIM =
      """
      UPDATE {schema}.maintenance_tasks t
      SET holder = ?,
          lease = t.lease + 1,
          lease_until = {now} + make_interval(secs => ?),
          last_started_at = {now}
      WHERE t.name = ?
        AND (t.last_started_at IS NULL OR t.last_started_at + make_interval(secs => ?) <= {now}
          OR t.holder IS NOT NULL)
        AND (t.holder IS NULL
          OR t.lease_until <= {now}
          OR EXISTS (
            SELECT FROM {schema}.instances i
            WHERE i.id = t.holder
              AND (i.ended_at IS NOT NULL OR i.expires_at <= {now})))
      RETURNING t.lease
      """;

  private static final String RENEW =
      """
      UPDATE {schema}.maintenance_tasks
      SET lease_until = {now} + make_interval(secs => ?)
      WHERE name = ?
        AND holder = ?
        AND lease = ?
        AND lease_until > {now}
      """;

  private static final String FINISH =
      """
      UPDATE {schema}.maintenance_tasks
      SET holder = NULL,
          lease_until = NULL,
          last_finished_at = {now},
          last_error = ?,
          runs = runs + 1,
          failures = failures + ?
      WHERE name = ?
        AND holder = ?
        AND lease = ?
      """;

  private static final String STATUS =
      """
      SELECT name, last_started_at, last_finished_at, last_error,
             CASE WHEN lease_until > {now} THEN holder END AS running
      FROM {schema}.maintenance_tasks
      ORDER BY name
      """;

  /** A run that was won. */
  record Lease(String name, UUID holder, long number) {}

  private final Transactions transactions;
  private final Schema schema;

  TaskRows(Transactions transactions, Schema schema) {
    this.transactions = transactions;
    this.schema = schema;
  }

  /** The number of the lease, or empty when the task is not due or another holds it. */
  OptionalLong claim(String name, UUID holder, Duration lease, Duration period) {
    return inNew(
        tx -> {
          Sql.update(tx.connection(), schema.render(KNOW), name);
          List<Long> won =
              Sql.query(
                  tx.connection(),
                  schema.render(CLAIM),
                  row -> row.getLong("lease"),
                  holder,
                  lease,
                  name,
                  period);
          return won.isEmpty() ? OptionalLong.empty() : OptionalLong.of(won.get(0));
        });
  }

  boolean renew(Lease lease, Duration time) {
    return changed(RENEW, time, lease.name(), lease.holder(), lease.number());
  }

  /** False when the lease was lost meanwhile; then nothing is recorded. */
  boolean finish(Lease lease, @Nullable String error) {
    return changed(
        FINISH, error, error == null ? 0 : 1, lease.name(), lease.holder(), lease.number());
  }

  List<TaskStatus> status() {
    return transactions.inCurrentOrNew(
        TxOptions.defaults(),
        tx ->
            Sql.query(
                tx.connection(),
                schema.render(STATUS),
                row ->
                    new TaskStatus(
                        row.getString("name"),
                        Sql.instant(row, "last_started_at"),
                        Sql.instant(row, "last_finished_at"),
                        row.getString("last_error"),
                        Sql.uuid(row, "running"))));
  }

  private boolean changed(String sql, @Nullable Object... parameters) {
    return inNew(tx -> Sql.update(tx.connection(), schema.render(sql), parameters)) == 1;
  }

  private <T> T inNew(TxFunction<T, RuntimeException> work) {
    return transactions.inNew(TxOptions.defaults(), work);
  }
}
