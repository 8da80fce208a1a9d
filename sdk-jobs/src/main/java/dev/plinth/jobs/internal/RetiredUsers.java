package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.UserErased;
import dev.plinth.core.identity.UsersMerged;
import dev.plinth.core.spi.Participation;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.UUID;

/**
 * The part of jobs when users are merged or erased. The row of {@code users} is locked when this
 * begins, so no job can be enqueued for the user meanwhile.
 */
final class RetiredUsers {
  private static final String MOVE_JOBS =
      """
      UPDATE {schema}.computational_jobs
      SET user_id = ?
      WHERE user_id = ?
      """;

  // Before the records, as all do who take such a job out of its line.
  private static final String MOVE_PARKED =
      """
      UPDATE {schema}.job_parked
      SET user_id = ?
      WHERE user_id = ?
      """;

  private static final String MOVE_BATCHES =
      """
      UPDATE {schema}.batch_job_collections
      SET user_id = ?
      WHERE user_id = ?
      """;

  /**
   * What a job was given and what it made may be about the user. A job that has not ended keeps its
   * arguments: it may be the one that cleans up.
   */
  private static final String SCRUB_JOBS =
      """
      UPDATE {schema}.computational_jobs
      SET args = '{}', result = NULL, error = NULL, progress_note = NULL, definition = NULL,
          subject = NULL, metadata = NULL
      WHERE user_id = ? AND status <> 'pending'
      """;

  private static final String SCRUB_ATTEMPTS =
      """
      UPDATE {schema}.job_attempts a
      SET error = NULL, stack_trace = NULL
      FROM {schema}.computational_jobs j
      WHERE j.user_id = ? AND a.job_id = j.id
        AND num_nonnulls(a.error, a.stack_trace) > 0
      """;

  private static final String SCRUB_STEPS =
      """
      UPDATE {schema}.job_steps s
      SET input = NULL, output = NULL, error = NULL, label = NULL
      FROM {schema}.computational_jobs j
      WHERE j.user_id = ? AND s.job_id = j.id AND j.status <> 'pending'
        AND num_nonnulls(s.input, s.output, s.error, s.label) > 0
      """;

  private static final String SCRUB_BATCHES =
      """
      UPDATE {schema}.batch_job_collections
      SET collection_name = 'erased', callback = NULL, success_callback = NULL,
          failure_callback = NULL
      WHERE user_id = ? AND status IN ('completed', 'failed', 'cancelled')
      """;

  private final Schema schema;

  private RetiredUsers(Schema schema) {
    this.schema = schema;
  }

  static void subscribe(Plinth plinth, String module) {
    RetiredUsers part = new RetiredUsers(plinth.schema());
    Participation.inTransaction(
        plinth,
        module,
        UsersMerged.class,
        (tx, event) -> part.merge(tx, event.from(), event.into()));
    Participation.inTransaction(
        plinth, module, UserErased.class, (tx, event) -> part.erase(tx, event.userId()));
  }

  private void merge(Tx tx, UUID from, UUID into) {
    run(tx, MOVE_BATCHES, into, from);
    run(tx, MOVE_PARKED, into, from);
    run(tx, MOVE_JOBS, into, from);
  }

  private void erase(Tx tx, UUID user) {
    run(tx, SCRUB_BATCHES, user);
    run(tx, SCRUB_JOBS, user);
    run(tx, SCRUB_ATTEMPTS, user);
    run(tx, SCRUB_STEPS, user);
  }

  private void run(Tx tx, String sql, Object... parameters) {
    Sql.update(tx.connection(), schema.render(sql), parameters);
  }
}
