package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Limit;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/** Where the gatekeeper goes on in each queue: whose turn is next, and what its rate allows. */
final class QueueTurns {
  private static final String READ =
      """
      SELECT t.queue, t.tokens, t.unclaimed, t.last_user, t.last_type, t.last_key,
             greatest(0, extract(epoch FROM ?::timestamptz - t.refilled_at))::float8 AS since
      FROM {schema}.job_queue_turns t
      """;
  private static final String WRITE =
      """
      INSERT INTO {schema}.job_queue_turns
        (queue, tokens, refilled_at, unclaimed, last_user, last_type, last_key)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (queue) DO UPDATE
      SET tokens = excluded.tokens,
          refilled_at = excluded.refilled_at,
          unclaimed = excluded.unclaimed,
          last_user = excluded.last_user,
          last_type = excluded.last_type,
          last_key = excluded.last_key
      """;

  // Not of queues with a rate, whose bucket may be empty.
  private static final String TIDY =
      """
      DELETE FROM {schema}.job_queue_turns t
      WHERE NOT EXISTS (
          SELECT FROM {schema}.job_limits l WHERE l.scope = 'queue' AND l.name = t.queue)
        AND NOT EXISTS (SELECT FROM {schema}.job_parked p WHERE p.queue = t.queue)
      """;

  private final String read;
  private final String write;
  private final String tidy;

  QueueTurns(Schema schema) {
    this.read = schema.render(READ);
    this.write = schema.render(WRITE);
    this.tidy = schema.render(TIDY);
  }

  /**
   * As it was when the gatekeeper last wrote it.
   *
   * @param tokens starts that the rate allowed
   * @param unclaimed jobs that were let through and not claimed
   * @param seconds how long ago that was, by the database's clock
   * @param last the line that had the last turn; its priority does not matter
   */
  record Turn(double tokens, int unclaimed, double seconds, Line last) {
    static Turn first(String queue) {
      return new Turn(Double.MAX_VALUE, 0, 0, new Line(queue, 0, Line.NOBODY, "", ""));
    }

    /**
     * What the rate allows now. Tokens and jobs that were let through and not claimed are at most
     * the burst together, at both ends of the time that has passed: so whatever stretch is looked
     * at, its starts are those that were let through before it, and the tokens it began with (the
     * burst, together), and those whose tokens came during it.
     */
    double refilled(Limit.Rate rate, int unclaimedNow) {
      double perSecond = rate.count() / (rate.period().toNanos() / 1e9);
      double room = rate.burst() - (double) Math.max(unclaimed, unclaimedNow);
      return Math.max(0, Math.min(tokens + seconds * perSecond, room));
    }
  }

  Map<String, Turn> read(Tx tx, Instant now) {
    Map<String, Turn> turns = new HashMap<>();
    Sql.query(
            tx.connection(),
            read,
            row ->
                Map.entry(
                    row.getString("queue"),
                    new Turn(
                        row.getDouble("tokens"),
                        row.getInt("unclaimed"),
                        row.getDouble("since"),
                        new Line(
                            row.getString("queue"),
                            0,
                            row.getObject("last_user", UUID.class),
                            row.getString("last_type"),
                            row.getString("last_key")))),
            now)
        .forEach(turn -> turns.put(turn.getKey(), turn.getValue()));
    return turns;
  }

  /** What to write of a queue. */
  record Next(double tokens, int unclaimed, Line last) {}

  void write(Tx tx, Instant now, Collection<Next> turns) {
    Sql.batch(
        tx.connection(),
        write,
        turns.stream()
            .map(
                t ->
                    new Object[] {
                      t.last().queue(),
                      t.tokens(),
                      now,
                      t.unclaimed(),
                      t.last().user(),
                      t.last().type(),
                      t.last().key()
                    })
            .toList());
  }

  void tidy(Tx tx) {
    Sql.update(tx.connection(), tidy);
  }
}
