package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * Up to when jobs are closed: their partition is about to be dropped, so none of them may be
 * revived. Whoever revives a job asks here first, in its own transaction, and so keeps the closing
 * waiting until that has ended; whoever closes looks afterwards whether all jobs have ended. What
 * was closed is never opened again, so it does not matter how long the dropping takes.
 */
final class Closing {
  private static final String ASK =
      """
      SELECT at
      FROM {schema}.job_marks
      WHERE name = 'closed'
      FOR SHARE
      """;
  private static final String MOVE =
      """
      UPDATE {schema}.job_marks
      SET at = ?
      WHERE name = 'closed'
        AND (at IS NULL OR at < ?)
      """;

  private final String ask;
  private final String move;

  Closing(Schema schema) {
    this.ask = schema.render(ASK);
    this.move = schema.render(MOVE);
  }

  /** True when the job must stay as it is; if false, it may be revived in this transaction. */
  boolean isClosed(Tx tx, UUID job) {
    Optional<Instant> before =
        Sql.query(tx.connection(), ask, row -> Optional.ofNullable(Sql.instant(row, "at"))).get(0);
    return before.isPresent() && timeOf(job).isBefore(before.get());
  }

  /** Closes what was made before; waits a little for transactions that revive. */
  void move(Tx tx, Instant before) {
    Sql.execute(tx.connection(), "SET LOCAL lock_timeout = '2s'");
    Sql.update(tx.connection(), move, before, before);
  }

  /** When an id was made. */
  static Instant timeOf(UUID id) {
    return Instant.ofEpochMilli(id.getMostSignificantBits() >>> 16);
  }

  /** Below every id that was made from then on. */
  static UUID lowest(Instant time) {
    return new UUID(time.toEpochMilli() << 16, 0);
  }
}
