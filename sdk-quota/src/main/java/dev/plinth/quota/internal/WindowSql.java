package dev.plinth.quota.internal;

/**
 * How statements find the window that the database's clock is in.
 *
 * <p>A statement completed here begins with five parameters: names, amounts, caps, units and zones.
 * It finds {@code clock (now)}, read once, and {@code ask (limit_name, amount, cap, starts, ends)},
 * where starts and ends are null for a gauge. An hour ends an hour later even when the clocks
 * change; days and months end at the next local midnight.
 */
final class WindowSql {
  private static final String ASK =
      """
      WITH clock AS MATERIALIZED (
        SELECT {now} AS now
      ),
      started AS (
        SELECT a.*, date_trunc(a.unit, c.now, a.zone) AS starts
        FROM unnest(?::text[], ?::bigint[], ?::bigint[], ?::text[], ?::text[])
          AS a (limit_name, amount, cap, unit, zone), clock c
      ),
      ask AS MATERIALIZED (
        SELECT
          limit_name, amount, cap, starts,
          CASE unit
            WHEN 'hour' THEN starts + interval '1 hour'
            WHEN 'day' THEN (starts AT TIME ZONE zone + interval '1 day') AT TIME ZONE zone
            WHEN 'month' THEN (starts AT TIME ZONE zone + interval '1 month') AT TIME ZONE zone
          END AS ends
        FROM started
      )""";

  /**
   * A usage row {@code l} as it stands in the window of {@code a}. A window that the row has
   * reached already is not left again when the clock goes back.
   */
  private static final String CURRENT =
      """
      CASE WHEN l.window_start < a.starts THEN 0 ELSE l.used END AS used,
          l.held,
          CASE WHEN l.cap_overridden THEN l.cap ELSE a.cap END AS cap,
          CASE WHEN a.starts < l.window_start AND c.now < l.window_start
            THEN l.window_start ELSE a.starts END AS starts,
          CASE WHEN a.starts < l.window_start AND c.now < l.window_start
            THEN l.window_end ELSE a.ends END AS ends""";

  private WindowSql() {}

  /**
   * The statement with {@link #ASK} before it and {@link #CURRENT} in place of {@code {current}}.
   */
  static String complete(String statement) {
    return ASK + statement.replace("{current}", CURRENT);
  }
}
