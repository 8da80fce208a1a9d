package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.UserErased;
import dev.plinth.core.identity.UsersMerged;
import dev.plinth.core.spi.Participation;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;

/**
 * The part of schedules when users are merged or erased. The row of {@code users} is locked when
 * this begins, so none is put or fired for the user meanwhile.
 */
final class ScheduleUsers {
  private static final String MOVE =
      """
      UPDATE {schema}.job_schedules
      SET user_id = ?,
          updated_at = {now},
          version = version + 1
      WHERE user_id = ?
      """;

  /** What it was called and what it asked for may be about the user. */
  private static final String SCRUB =
      """
      UPDATE {schema}.job_schedules
      SET name = 'erased ' || id,
          is_active = false,
          next_run_at = NULL,
          buffered_at = NULL,
          args = CASE WHEN args IS NOT NULL THEN '{}'::jsonb END,
          target = NULL,
          updated_at = {now},
          version = version + 1
      WHERE user_id = ?
      """;

  /** Jobs that have ended tell their schedule's name too. */
  private static final String SCRUB_JOBS =
      """
      UPDATE {schema}.computational_jobs
      SET definition = 'erased ' || (metadata ->> 'scheduleId')
      WHERE user_id = ?
        AND status <> 'pending'
        AND metadata ->> 'scheduleId' IS NOT NULL
      """;

  private final Schema schema;

  private ScheduleUsers(Schema schema) {
    this.schema = schema;
  }

  static void subscribe(Plinth plinth, String module) {
    ScheduleUsers part = new ScheduleUsers(plinth.schema());
    Participation.inTransaction(
        plinth,
        module,
        UsersMerged.class,
        (tx, event) -> part.run(tx, MOVE, event.into(), event.from()));
    Participation.inTransaction(
        plinth,
        module,
        UserErased.class,
        (tx, event) -> {
          part.run(tx, SCRUB, event.userId());
          part.run(tx, SCRUB_JOBS, event.userId());
        });
  }

  private void run(Tx tx, String sql, Object... parameters) {
    Sql.update(tx.connection(), schema.render(sql), parameters);
  }
}
