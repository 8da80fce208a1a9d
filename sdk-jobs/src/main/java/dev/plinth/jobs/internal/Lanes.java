package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The lanes of one queue, one for each priority, as one claimer knows them: which have ever had
 * something for it, and from which transaction on to look. Used by one thread.
 */
final class Lanes {
  private static final int LOWEST = -100;
  private static final int HIGHEST = 100;

  // One snapshot for all lanes. What this node has no handler for does not keep a mark from moving:
  // this claimer will never want it.
  private static final String LOOK =
      """
      SELECT l.priority, pg_catalog.pg_current_snapshot()::text AS snapshot, o.oldest,
             extract(epoch FROM pg_catalog.pg_postmaster_start_time())::text AS server,
             {late}
      FROM unnest((SELECT ?::smallint[]), ?::text[]::xid8[], ?::text[]) AS l(priority, low, late)
      LEFT JOIN LATERAL (
        SELECT r.xid::text AS oldest
        FROM {schema}.job_ready r
        WHERE r.queue = ?
          AND r.priority = l.priority
          AND r.xid >= l.low
          AND r.job_version <= (?::integer[])[array_position(?::text[], r.type)]
        ORDER BY r.xid, r.seq
        LIMIT 1
      ) o ON true
      """;

  private final String look;
  private final String queue;
  private final String[] types;
  private final Integer[] versions;
  private final Map<Integer, Watermark> marks = new TreeMap<>();
  private String server = "";
  private final TreeSet<Integer> known = new TreeSet<>();

  /** With the types that are handled here, and up to which version. */
  Lanes(Schema schema, String queue, String[] types, Integer[] versions) {
    this.look =
        schema.render(
            LOOK.replace(
                "{late}",
                Marked.late(
                    "job_ready",
                    "l.late",
                    "t.queue = ? AND t.priority = l.priority AND ",
                    "t.xid, t.seq")));
    this.queue = queue;
    this.types = types;
    this.versions = versions;
    forget();
    known.add(0);
  }

  String queue() {
    return queue;
  }

  /** A stretch of a lane. */
  record Place(int priority, long from, long to) {}

  /** Where to look for jobs, in this order. */
  List<Place> places() {
    List<Place> places = new ArrayList<>();
    for (int priority : known.descendingSet()) {
      for (Watermark.Stretch stretch : mark(priority).stretches()) {
        places.add(new Place(priority, stretch.from(), stretch.to()));
      }
    }
    return places;
  }

  /**
   * Moves the marks, and learns of lanes that have got something. Marks hold for one run of one
   * server: a standby that takes over, or a restored backup, may count from an earlier transaction
   * on.
   */
  void look(Tx tx) {
    List<Found> found = seen(tx);
    String current = found.get(0).server();
    if (!current.equals(server)) {
      server = current;
      forget();
      found = seen(tx);
    }
    found.forEach(this::learn);
  }

  private void forget() {
    for (int priority = LOWEST; priority <= HIGHEST; priority++) {
      marks.put(priority, new Watermark());
    }
  }

  private List<Found> seen(Tx tx) {
    List<Integer> priorities = List.copyOf(marks.keySet());
    return Sql.query(
        tx.connection(),
        look,
        Lanes::found,
        queue,
        priorities.toArray(Integer[]::new),
        priorities.stream().map(p -> Long.toString(mark(p).low())).toArray(String[]::new),
        priorities.stream().map(p -> Marked.joined(mark(p).late())).toArray(String[]::new),
        queue,
        versions,
        types);
  }

  private void learn(Found found) {
    mark(found.priority()).moved(found.look());
    if (found.look().oldest() != null || !found.look().lateWithRows().isEmpty()) {
      known.add(found.priority());
    }
  }

  private Watermark mark(int priority) {
    Watermark mark = marks.get(priority);
    if (mark == null) {
      throw new IllegalStateException("No lane has priority " + priority);
    }
    return mark;
  }

  private record Found(int priority, String server, Watermark.Look look) {}

  private static Found found(ResultSet row) throws SQLException {
    String oldest = row.getString("oldest");
    return new Found(
        row.getInt("priority"),
        row.getString("server"),
        new Watermark.Look(
            Snapshot.of(row.getString("snapshot")),
            oldest == null ? null : Long.valueOf(oldest),
            Marked.xids(row.getString("late"))));
  }
}
