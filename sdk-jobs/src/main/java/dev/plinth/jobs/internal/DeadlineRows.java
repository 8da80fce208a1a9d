package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.Collection;
import java.util.UUID;

/** The rows by which deadlines are looked at, when their jobs end. */
final class DeadlineRows {
  // SKIP LOCKED: whoever is just looking at a deadline sees for itself that the job has ended.
  private static final String ENDED =
      """
      WITH over AS MATERIALIZED (
        SELECT d.job_id
        FROM {schema}.job_deadlines d
        WHERE d.job_id = ANY (?::uuid[])
        FOR UPDATE SKIP LOCKED
      )
      DELETE FROM {schema}.job_deadlines d
      USING over o
      WHERE d.job_id = o.job_id
      """;

  private final String ended;

  DeadlineRows(Schema schema) {
    this.ended = schema.render(ENDED);
  }

  /** Jobs that have a deadline have ended in this transaction: nobody need look any more. */
  void ended(Tx tx, Collection<UUID> jobs) {
    if (!jobs.isEmpty()) {
      Sql.update(tx.connection(), ended, (Object) jobs.toArray(UUID[]::new));
    }
  }
}
