package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Reads who waits in {@code job_parked}. A line costs one probe of its index however long it is, so
 * that a million jobs behind a full limit are as cheap as one.
 */
final class ParkedLines {
  private static final String LANES =
      """
      WITH RECURSIVE lanes AS (
        (
          SELECT p.queue, p.priority
          FROM {schema}.job_parked p
          ORDER BY p.queue, p.priority
          LIMIT 1
        )
        UNION ALL
        SELECT n.queue, n.priority
        FROM lanes l
        CROSS JOIN LATERAL (
          SELECT p.queue, p.priority
          FROM {schema}.job_parked p
          WHERE (p.queue, p.priority) > (l.queue, l.priority)
          ORDER BY p.queue, p.priority
          LIMIT 1
        ) n
      )
      SELECT l.queue, l.priority
      FROM lanes l
      """;

  // The outer LIMIT ends the recursion as soon as enough lines are found.
  private static final String LINES =
      """
      WITH RECURSIVE heads AS (
        (
          SELECT p.user_id, p.type, p.limit_key
          FROM {schema}.job_parked p
          WHERE p.queue = ?::text
            AND p.priority = ?
            AND (p.user_id, p.type, p.limit_key) > (?::uuid, ?::text, ?::text)
          ORDER BY p.user_id, p.type, p.limit_key
          LIMIT 1
        )
        UNION ALL
        SELECT n.user_id, n.type, n.limit_key
        FROM heads h
        CROSS JOIN LATERAL (
          SELECT p.user_id, p.type, p.limit_key
          FROM {schema}.job_parked p
          WHERE p.queue = ?::text
            AND p.priority = ?
            AND (p.user_id, p.type, p.limit_key) > (h.user_id, h.type, h.limit_key)
          ORDER BY p.user_id, p.type, p.limit_key
          LIMIT 1
        ) n
      )
      SELECT h.user_id, h.type, h.limit_key
      FROM heads h
      WHERE h.type <> ALL (?::text[])
        AND h.limit_key <> ALL (?::text[])
        AND h.user_id <> ALL (?::uuid[])
      LIMIT ?
      """;

  // SKIP LOCKED: somebody may be taking a job out of the line for good.
  private static final String HEADS =
      """
      SELECT w.n, p.job_id, p.xid::text AS xid, p.seq
      FROM unnest((SELECT ?::uuid[]), ?::text[], ?::text[], ?::integer[])
        WITH ORDINALITY AS w(user_id, type, limit_key, up_to, n)
      CROSS JOIN LATERAL (
        SELECT p.job_id, p.xid, p.seq
        FROM {schema}.job_parked p
        WHERE p.queue = ?::text
          AND p.priority = ?
          AND p.user_id = w.user_id
          AND p.type = w.type
          AND p.limit_key = w.limit_key
        ORDER BY p.xid, p.seq
        LIMIT w.up_to
        FOR UPDATE SKIP LOCKED
      ) p
      ORDER BY w.n, p.xid, p.seq
      """;

  private final String lanes;
  private final String lines;
  private final String heads;

  ParkedLines(Schema schema) {
    this.lanes = schema.render(LANES);
    this.lines = schema.render(LINES);
    this.heads = schema.render(HEADS);
  }

  /** Jobs of one queue and priority. */
  record Lane(String queue, int priority) {}

  /** A job that waits; they line up by transaction and sequence. */
  record Waiting(UUID job, Line line, long xid, long seq) implements Comparable<Waiting> {
    @Override
    public int compareTo(Waiting other) {
      int byXid = Long.compare(xid, other.xid);
      return byXid != 0 ? byXid : Long.compare(seq, other.seq);
    }
  }

  List<Lane> lanes(Tx tx) {
    return Sql.query(tx.connection(), lanes, row -> new Lane(row.getString(1), row.getInt(2)));
  }

  /**
   * Lines of a lane behind the given one, in the order of their users, types and keys.
   *
   * @param after the position to go on from, whose queue and priority do not matter
   * @param gates whose full types, keys and users are passed over
   */
  List<Line> lines(Tx tx, Lane lane, Line after, Gates gates, int most) {
    return Sql.query(
        tx.connection(),
        lines,
        row ->
            new Line(
                lane.queue(),
                lane.priority(),
                row.getObject("user_id", UUID.class),
                row.getString("type"),
                row.getString("limit_key")),
        lane.queue(),
        lane.priority(),
        after.user(),
        after.type(),
        after.key(),
        lane.queue(),
        lane.priority(),
        texts(gates.fullTypes()),
        texts(gates.fullKeys()),
        gates.fullUsers(lane.queue()).toArray(UUID[]::new),
        most);
  }

  private static String[] texts(Set<String> set) {
    return set.toArray(String[]::new);
  }

  /** The first jobs of each line, locked; lines of which none can be had are missing. */
  Map<Line, List<Waiting>> heads(Tx tx, Lane lane, Map<Line, Integer> upTo) {
    List<Line> wanted = List.copyOf(upTo.keySet());
    Map<Line, List<Waiting>> result = new LinkedHashMap<>();
    Sql.query(
            tx.connection(),
            heads,
            row ->
                new Waiting(
                    row.getObject("job_id", UUID.class),
                    wanted.get(row.getInt("n") - 1),
                    Long.parseLong(row.getString("xid")),
                    row.getLong("seq")),
            wanted.stream().map(Line::user).toArray(UUID[]::new),
            wanted.stream().map(Line::type).toArray(String[]::new),
            wanted.stream().map(Line::key).toArray(String[]::new),
            wanted.stream().map(upTo::get).toArray(Integer[]::new),
            lane.queue(),
            lane.priority())
        .forEach(job -> result.computeIfAbsent(job.line(), line -> new ArrayList<>()).add(job));
    return result;
  }
}
