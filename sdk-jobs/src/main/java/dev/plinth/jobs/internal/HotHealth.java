package dev.plinth.jobs.internal;

import dev.plinth.core.health.HealthReading;
import dev.plinth.core.health.HealthStatus;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.util.List;
import java.util.Optional;

/**
 * What jobs add to health: dead rows that pile up in the small tables and who pins them there,
 * counts that nobody folds, and dead letters.
 */
final class HotHealth {
  /** Many enough to be felt; a busy minute makes as many, so the pin must be old as well. */
  private static final long MANY_DEAD_ROWS = 100_000;

  /** In transactions. */
  private static final long OLD_SNAPSHOT = 10_000;

  private static final double LONG_UNCOUNTED = 300;

  private static final String[] HOT = {
    "job_ready",
    "job_delayed",
    "job_leases",
    "job_waiting",
    "job_parked",
    "job_edges",
    "job_signals",
    "job_progress",
    "job_count_deltas",
    "batch_deltas"
  };

  private static final String DEAD_ROWS =
      """
      SELECT s.relname, s.n_dead_tup, sum(s.n_dead_tup) OVER () AS dead_rows
      FROM pg_catalog.pg_stat_all_tables s
      WHERE s.schemaname = ?
        AND s.relname = ANY (?)
      ORDER BY s.n_dead_tup DESC
      LIMIT 1
      """;

  private static final String PIN =
      """
      SELECT p.what, p.remedy, p.age
      FROM (
        SELECT 'the session ' || a.pid || COALESCE(' (' || NULLIF(a.application_name, '') || ')', '')
                 || COALESCE(', ' || a.state, '')
                 || COALESCE(', in a transaction since ' || a.xact_start::timestamptz(0), '') AS what,
               'end it with SELECT pg_terminate_backend(' || a.pid || ')' AS remedy,
               age(a.backend_xmin) AS age
        FROM pg_catalog.pg_stat_activity a
        WHERE a.backend_xmin IS NOT NULL
          AND a.pid <> pg_catalog.pg_backend_pid()
          AND a.backend_type <> 'walsender'
        UNION ALL
        SELECT 'a query on the replica ' || a.application_name || ', through hot_standby_feedback',
               'end it there, or switch hot_standby_feedback off',
               age(a.backend_xmin)
        FROM pg_catalog.pg_stat_activity a
        WHERE a.backend_xmin IS NOT NULL
          AND a.backend_type = 'walsender'
        UNION ALL
        SELECT 'the prepared transaction ' || p.gid,
               'COMMIT PREPARED or ROLLBACK PREPARED it by that name',
               age(p.transaction)
        FROM pg_catalog.pg_prepared_xacts p
        UNION ALL
        SELECT 'the replication slot ' || s.slot_name,
               'drop it if nobody comes back for it: SELECT pg_drop_replication_slot('
                 || quote_literal(s.slot_name) || ')',
               greatest(age(s.xmin), age(s.catalog_xmin))
        FROM pg_catalog.pg_replication_slots s
        WHERE s.active_pid IS NULL
          AND (s.xmin IS NOT NULL OR s.catalog_xmin IS NOT NULL)
        UNION ALL
        SELECT CASE s.slot_type
                 WHEN 'physical' THEN
                   'a query on the replica' || COALESCE(' ' || NULLIF(a.application_name, ''), '')
                     || ', through hot_standby_feedback and its replication slot ' || s.slot_name
                 ELSE
                   'the subscriber' || COALESCE(' ' || NULLIF(a.application_name, ''), '')
                     || ', which is behind in reading the replication slot ' || s.slot_name
               END,
               CASE s.slot_type
                 WHEN 'physical' THEN 'end it there, or switch hot_standby_feedback off'
                 ELSE 'let it catch up'
               END,
               greatest(age(s.xmin), age(s.catalog_xmin))
        FROM pg_catalog.pg_replication_slots s
        LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = s.active_pid
        WHERE s.active_pid IS NOT NULL
          AND (s.xmin IS NOT NULL OR s.catalog_xmin IS NOT NULL)
      ) p
      ORDER BY p.age DESC
      LIMIT 1
      """;

  private static final String COUNTS =
      """
      WITH uncounted AS MATERIALIZED (
        {uncounted}
      )
      SELECT COALESCE(
               (SELECT date_part('epoch', {now} - min(u.ended_at)) FROM uncounted u), 0) AS waiting,
             COALESCE((
               SELECT sum(s.attempts)
               FROM {schema}.job_statistics s
               WHERE s.span = 'minute'
                 AND s.begins_at >= {now} - interval '1 hour'
                 AND s.outcome = 'failed'), 0)
               + COALESCE((
                 SELECT sum(u.attempts)
                 FROM uncounted u
                 WHERE u.ended_at >= {now} - interval '1 hour'
                   AND u.outcome = 'failed'), 0) AS dead_letters,
             EXISTS (
               SELECT FROM {schema}.job_handlers h
               JOIN {schema}.instances i ON i.id = h.instance_id
               WHERE i.ended_at IS NULL
                 AND i.expires_at > {now}) AS worked
      """;

  private record DeadRows(String worst, long all) {}

  private record Pin(String what, String remedy, long age) {}

  private HotHealth() {}

  static List<HealthReading> read(Connection connection, Schema schema) {
    HealthReading[] counts =
        Sql.query(
                connection,
                schema.render(COUNTS.replace("{uncounted}", Uncounted.ROWS)),
                row ->
                    new HealthReading[] {
                      uncounted(Math.max(0, row.getDouble("waiting")), row.getBoolean("worked")),
                      HealthReading.of("jobs.dead_letters", row.getDouble("dead_letters"), "jobs")
                    })
            .get(0);
    return List.of(deadRows(connection, schema), counts[0], counts[1]);
  }

  private static HealthReading uncounted(double seconds, boolean worked) {
    return worked && seconds > LONG_UNCOUNTED
        ? new HealthReading(
            "jobs.uncounted",
            seconds,
            "seconds",
            HealthStatus.DEGRADED,
            "No node folds statistics, though some work: see their logs for \"counting failed\"; a"
                + " transaction that holds the row counted of job_marks stops it too")
        : HealthReading.of("jobs.uncounted", seconds, "seconds");
  }

  private static HealthReading deadRows(Connection connection, Schema schema) {
    DeadRows dead =
        Sql.first(
                connection,
                DEAD_ROWS,
                row -> new DeadRows(row.getString("relname"), row.getLong("dead_rows")),
                schema.name(),
                HOT)
            .orElse(new DeadRows("", 0));
    Optional<Pin> pin =
        dead.all() < MANY_DEAD_ROWS
            ? Optional.empty()
            : Sql.first(
                connection,
                PIN,
                row -> new Pin(row.getString("what"), row.getString("remedy"), row.getLong("age")));
    return pin.filter(found -> found.age() >= OLD_SNAPSHOT)
        .map(found -> pinned(dead, found))
        .orElse(HealthReading.of("jobs.dead_rows", (double) dead.all(), "rows"));
  }

  private static HealthReading pinned(DeadRows dead, Pin pin) {
    String advice =
        "The tables of waiting jobs carry "
            + dead.all()
            + " dead rows (most of them "
            + dead.worst()
            + "), which cannot be vacuumed because of "
            + pin.what()
            + ", whose snapshot is "
            + pin.age()
            + " transactions old: "
            + pin.remedy();
    return new HealthReading(
        "jobs.dead_rows",
        (double) dead.all(),
        "rows",
        HealthStatus.DEGRADED,
        advice.length() <= 1_000 ? advice : advice.substring(0, 1_000));
  }
}
