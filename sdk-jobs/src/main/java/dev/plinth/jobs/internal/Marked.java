package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A table that is appended to and emptied, with an index on the transaction that appended: from
 * where on a sweep has to look. Marks hold for one run of one server. Used by one thread.
 */
final class Marked {
  /**
   * The stretches that a sweep looks at, as a table {@code s} of transactions {@code low} and
   * {@code high}; takes {@link #lows} and {@link #highs}.
   */
  static final String STRETCHES =
      "unnest((SELECT ?::text[]::xid8[]), ?::text[]::xid8[]) AS s(low, high)";

  private static final String LOOK =
      """
      SELECT pg_catalog.pg_current_snapshot()::text AS snapshot,
             extract(epoch FROM pg_catalog.pg_postmaster_start_time())::text AS server,
             (SELECT t.xid::text
              FROM {schema}.{table} t
              WHERE t.xid >= (SELECT ?::text::xid8)
              ORDER BY t.xid
              LIMIT 1) AS oldest,
             {late}
      """;

  // One look into the index for each: for an equality the planner may read the whole table, most of
  // which may be dead rows.
  private static final String LATE =
      """
      (SELECT string_agg(x.xid::text, ',')
       FROM unnest(string_to_array({xids}, ',')::xid8[]) AS x(xid)
       CROSS JOIN LATERAL (
         SELECT
         FROM {schema}.{table} t
         WHERE {where}t.xid >= x.xid AND t.xid <= x.xid
         ORDER BY {order}
         LIMIT 1
       ) t) AS late""";

  private final String look;
  private Watermark mark = new Watermark();
  private String server = "";

  Marked(Schema schema, String table) {
    this.look =
        schema.render(
            LOOK.replace("{late}", late(table, "(SELECT ?::text)", "", "t.xid"))
                .replace("{table}", table));
  }

  /**
   * A column {@code late}: those of the transactions, joined by commas, that have rows.
   *
   * @param xids an expression that gives the transactions, joined by commas
   * @param where further conditions on the table {@code t}, each followed by AND
   * @param order the columns of the index from the transaction on
   */
  static String late(String table, String xids, String where, String order) {
    return LATE.replace("{table}", table)
        .replace("{xids}", xids)
        .replace("{where}", where)
        .replace("{order}", order);
  }

  /** Moves the mark to where there is something; false when there is nothing. */
  boolean look(Tx tx) {
    Seen seen = seen(tx);
    if (!seen.server().equals(server)) {
      server = seen.server();
      mark = new Watermark();
      seen = seen(tx);
    }
    mark.moved(seen.look());
    return seen.look().oldest() != null || !seen.look().lateWithRows().isEmpty();
  }

  private record Seen(String server, Watermark.Look look) {}

  private Seen seen(Tx tx) {
    return Sql.query(
            tx.connection(), look, Marked::seen, Long.toString(mark.low()), joined(mark.late()))
        .get(0);
  }

  private static Seen seen(ResultSet row) throws SQLException {
    String oldest = row.getString("oldest");
    return new Seen(
        row.getString("server"),
        new Watermark.Look(
            Snapshot.of(row.getString("snapshot")),
            oldest == null ? null : Long.valueOf(oldest),
            xids(row.getString("late"))));
  }

  /** Where the stretches begin. */
  String[] lows() {
    return lows(mark.stretches());
  }

  /** Where they end. */
  String[] highs() {
    return highs(mark.stretches());
  }

  static String[] lows(List<Watermark.Stretch> stretches) {
    return stretches.stream().map(s -> Long.toString(s.from())).toArray(String[]::new);
  }

  static String[] highs(List<Watermark.Stretch> stretches) {
    return stretches.stream().map(s -> Long.toString(s.to())).toArray(String[]::new);
  }

  static String joined(Set<Long> xids) {
    return xids.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  static Set<Long> xids(@Nullable String list) {
    return list == null
        ? Set.of()
        : Arrays.stream(list.split(",", -1)).map(Long::valueOf).collect(Collectors.toSet());
  }
}
