package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.UUID;

/** Sets right what is noted beside jobs: unique keys, wishes to cancel, deadlines. */
final class MendControl {
  private static final String FREE_KEY =
      """
      DELETE FROM {schema}.job_unique u
      USING {schema}.computational_jobs j
      WHERE u.job_id = ?
        AND j.id = u.job_id
        AND j.status IN ('completed', 'cancelled')
        AND NOT j.status = ANY (u.states)
      """;
  private static final String MARK_KEY =
      """
      UPDATE {schema}.computational_jobs j
      SET holds_key = TRUE
      WHERE j.id = ?
        AND j.holds_key IS NOT TRUE
        AND EXISTS (SELECT FROM {schema}.job_unique u WHERE u.job_id = j.id)
      """;
  private static final String FORGET_WISH =
      """
      DELETE FROM {schema}.job_cancels c
      USING {schema}.computational_jobs j
      WHERE c.job_id = ?
        AND j.id = c.job_id
        AND j.status <> 'pending'
      """;
  private static final String LOOK_AT_DEADLINE =
      """
      INSERT INTO {schema}.job_deadlines (job_id, look_at)
      SELECT j.id, j.deadline
      FROM {schema}.computational_jobs j
      WHERE j.id = ?
        AND j.status = 'pending'
        AND j.deadline IS NOT NULL
      ON CONFLICT (job_id) DO NOTHING
      """;

  private final String freeKey;
  private final String markKey;
  private final String forgetWish;
  private final String lookAtDeadline;

  MendControl(Schema schema) {
    this.freeKey = schema.render(FREE_KEY);
    this.markKey = schema.render(MARK_KEY);
    this.forgetWish = schema.render(FORGET_WISH);
    this.lookAtDeadline = schema.render(LOOK_AT_DEADLINE);
  }

  /** A key of a job that has ended. */
  Mend.Mended keyFreed(Tx tx, UUID job) {
    return by(tx, freeKey, job, "Its key is free");
  }

  /** A key that its job's record does not tell of, so that it would not be freed at the end. */
  Mend.Mended keyMarked(Tx tx, UUID job) {
    return by(tx, markKey, job, "Its record says that it has a key");
  }

  /** A wish that a job be cancelled which has ended. */
  Mend.Mended wishForgotten(Tx tx, UUID job) {
    return by(tx, forgetWish, job, "The wish is forgotten");
  }

  /** A deadline that nobody looks at. */
  Mend.Mended deadlineLookedAt(Tx tx, UUID job) {
    return by(tx, lookAtDeadline, job, "Its deadline is looked at");
  }

  /** Each statement looks again by itself, and changes nothing where all is in order. */
  private static Mend.Mended by(Tx tx, String statement, UUID job, String done) {
    return Sql.update(tx.connection(), statement, job) > 0
        ? Mend.Mended.mended(done)
        : Mend.Mended.gone();
  }
}
