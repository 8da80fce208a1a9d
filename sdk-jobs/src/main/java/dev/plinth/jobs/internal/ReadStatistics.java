package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.JobCount;
import dev.plinth.jobs.JobStatistics;
import dev.plinth.jobs.NodeStatistics;
import dev.plinth.jobs.QueueStatistics;
import dev.plinth.jobs.TypeStatistics;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads statistics in one snapshot, and remembers them for a second, or for twenty times as long as
 * the reading took if that is more: however many ask, it costs one process a twentieth of a
 * connection at most. Safe for use by many threads.
 */
final class ReadStatistics {
  private static final int BOUND = 10_000;
  private static final int LEASES_BOUND = 100_000;
  private static final long REMEMBERED_NANOS = Duration.ofSeconds(1).toNanos();
  private static final int COST = 20;

  private static final String ENDED =
      """
      SELECT x.queue, x.type, x.outcome, x.run_class,
             x.at >= date_trunc('minute', {now}, 'UTC') - interval '1 minute' AS recent,
             sum(x.attempts)::bigint AS attempts, sum(x.run_ms)::bigint AS run_ms,
             max(x.run_ms_max) AS run_ms_max, sum(x.waits)::bigint AS waits,
             sum(x.wait_ms)::bigint AS wait_ms, max(x.wait_ms_max) AS wait_ms_max
      FROM (
        SELECT s.begins_at AS at, s.queue, s.type, s.outcome, s.run_class, s.attempts, s.run_ms,
               s.run_ms_max, s.waits, s.wait_ms, s.wait_ms_max
        FROM {schema}.job_statistics s
        WHERE s.span = 'minute'
        UNION ALL
        SELECT d.ended_at, d.queue, d.type, d.outcome, d.run_class, d.attempts, d.run_ms,
               d.run_ms_max, d.waits, d.wait_ms, d.wait_ms_max
        FROM ({uncounted}) d
      ) x
      WHERE x.at >= date_trunc('minute', {now}, 'UTC') - interval '1 hour'
      GROUP BY x.queue, x.type, x.outcome, x.run_class, recent
      """;

  private static final String NOW =
      "SELECT {now} AS now, date_trunc('minute', {now}, 'UTC') AS minute";

  // From one queue to the next by the index, since DISTINCT would look at every row.
  private static final String READY =
      """
      WITH RECURSIVE queues AS (
        (SELECT r.queue
         FROM {schema}.job_ready r
         ORDER BY r.queue
         LIMIT 1)
        UNION ALL
        SELECT (
          SELECT r.queue
          FROM {schema}.job_ready r
          WHERE r.queue > q.queue
          ORDER BY r.queue
          LIMIT 1)
        FROM queues q
        WHERE q.queue IS NOT NULL
      )
      SELECT q.queue, t.type, count(*) AS jobs, sum(count(*)) OVER (PARTITION BY q.queue) AS all_jobs
      FROM queues q
      CROSS JOIN LATERAL (
        SELECT r.type
        FROM {schema}.job_ready r
        WHERE r.queue = q.queue
        LIMIT ?
      ) t
      GROUP BY q.queue, t.type
      """;

  private static final String DELAYED =
      """
      SELECT d.queue, d.type, count(*) FILTER (WHERE d.attempt = 1) AS scheduled,
             count(*) FILTER (WHERE d.attempt > 1) AS retrying,
             sum(count(*)) OVER () AS all_jobs
      FROM (
        SELECT d.queue, d.type, d.attempt
        FROM {schema}.job_delayed d
        ORDER BY d.run_at
        LIMIT ?
      ) d
      GROUP BY d.queue, d.type
      """;

  private static final String WAITING =
      """
      SELECT w.queue, w.type, count(*) AS jobs, sum(count(*)) OVER () AS all_jobs
      FROM (
        SELECT w.queue, w.type
        FROM {schema}.job_waiting w
        LIMIT ?
      ) w
      GROUP BY w.queue, w.type
      """;

  private static final String PARKED =
      """
      SELECT p.queue, p.type, count(*) AS jobs, sum(count(*)) OVER () AS all_jobs
      FROM (
        SELECT p.queue, p.type
        FROM {schema}.job_parked p
        LIMIT ?
      ) p
      GROUP BY p.queue, p.type
      """;

  private static final String OLDEST =
      """
      WITH RECURSIVE lanes AS (
        (SELECT r.queue, r.priority
         FROM {schema}.job_ready r
         ORDER BY r.queue, r.priority
         LIMIT 1)
        UNION ALL
        SELECT n.queue, n.priority
        FROM lanes l
        CROSS JOIN LATERAL (
          SELECT r.queue, r.priority
          FROM {schema}.job_ready r
          WHERE (r.queue, r.priority) > (l.queue, l.priority)
          ORDER BY r.queue, r.priority
          LIMIT 1
        ) n
      ), due AS (
        SELECT l.queue, COALESCE(j.scheduled_at, j.created_at) AS at
        FROM lanes l
        CROSS JOIN LATERAL (
          SELECT r.job_id
          FROM {schema}.job_ready r
          WHERE r.queue = l.queue
            AND r.priority = l.priority
          ORDER BY r.xid, r.seq
          LIMIT 1
        ) first
        JOIN {schema}.computational_jobs j ON j.id = first.job_id
        UNION ALL
        (SELECT d.queue, d.run_at
         FROM {schema}.job_delayed d
         WHERE d.run_at <= {now}
         ORDER BY d.run_at
         LIMIT 1000)
      )
      SELECT d.queue, GREATEST(0, date_part('epoch', {now} - min(d.at))) AS age
      FROM due d
      GROUP BY d.queue
      """;

  private static final String LEASES =
      """
      SELECT l.queue, l.type, l.instance_id, count(*) AS jobs, sum(count(*)) OVER () AS all_jobs
      FROM (
        SELECT l.queue, l.type, l.instance_id
        FROM {schema}.job_leases l
        LIMIT ?
      ) l
      GROUP BY l.queue, l.type, l.instance_id
      """;

  private static final String NODES =
      """
      SELECT n.instance_id, i.name, COALESCE(h.workers, 0) AS workers,
             COALESCE(i.ended_at IS NULL AND i.expires_at > {now}, FALSE) AS alive
      FROM (
        SELECT instance_id FROM {schema}.job_handlers
        UNION
        SELECT unnest(?::uuid[])
      ) n
      LEFT JOIN {schema}.instances i ON i.id = n.instance_id
      LEFT JOIN (
        SELECT instance_id, sum(workers) AS workers
        FROM {schema}.job_handlers
        GROUP BY instance_id
      ) h ON h.instance_id = n.instance_id
      ORDER BY i.name, n.instance_id
      """;

  private final Plinth plinth;
  private final String ended;
  private final String now;
  private final String ready;
  private final String delayed;
  private final String waiting;
  private final String parked;
  private final String oldest;
  private final String leases;
  private final String nodes;
  private @Nullable JobStatistics remembered;
  private long rememberedUntil;

  ReadStatistics(Plinth plinth) {
    this.plinth = plinth;
    Schema schema = plinth.schema();
    this.ended = schema.render(ENDED.replace("{uncounted}", Uncounted.ROWS));
    this.now = schema.render(NOW);
    this.ready = schema.render(READY);
    this.delayed = schema.render(DELAYED);
    this.waiting = schema.render(WAITING);
    this.parked = schema.render(PARKED);
    this.oldest = schema.render(OLDEST);
    this.leases = schema.render(LEASES);
    this.nodes = schema.render(NODES);
  }

  /** Those who ask at the same time wait for one answer. */
  synchronized JobStatistics read() {
    JobStatistics known = remembered;
    if (known != null && System.nanoTime() - rememberedUntil < 0) {
      return known;
    }
    long begun = System.nanoTime();
    JobStatistics read =
        plinth.transactSeparately(
            TxOptions.defaults()
                .withIsolation(TxOptions.Isolation.REPEATABLE_READ)
                .withAllTenants(),
            tx -> new Reading(tx).all());
    long ended = System.nanoTime();
    rememberedUntil = ended + Math.max(REMEMBERED_NANOS, COST * (ended - begun));
    remembered = read;
    return read;
  }

  private record Kind(String queue, String type) {}

  private record Window(Instant now, Duration minute, Duration hour) {}

  /** One look at everything. */
  private final class Reading {
    private final Connection connection;
    private final Map<String, Map<String, Depths>> depths = new TreeMap<>();
    private final Map<Kind, Counted> minutes = new HashMap<>();
    private final Map<Kind, Counted> hours = new HashMap<>();
    private final Map<String, Counted> queueMinutes = new TreeMap<>();
    private final Map<String, Counted> queueHours = new TreeMap<>();
    private final Map<String, Duration> oldestDue = new TreeMap<>();
    private final Map<UUID, JobCount> claimed = new TreeMap<>();

    Reading(Tx tx) {
      this.connection = tx.connection();
    }

    JobStatistics all() {
      Window window = window();
      Sql.execute(connection, Uncounted.BY_INDEX);
      ended();
      inPlace(ready, Depths.Place.READY);
      oldest();
      Sql.execute(connection, Uncounted.FREELY);
      delayed();
      inPlace(waiting, Depths.Place.WAITING);
      inPlace(parked, Depths.Place.PARKED);
      leases();
      List<QueueStatistics> queues = new ArrayList<>();
      depths.forEach((queue, types) -> queues.add(queue(queue, types, window)));
      return new JobStatistics(window.now(), queues, nodes());
    }

    private Window window() {
      return Sql.query(
              connection,
              now,
              row -> {
                Instant at = Objects.requireNonNull(Sql.instant(row, "now"));
                Instant minute = Objects.requireNonNull(Sql.instant(row, "minute"));
                return new Window(
                    at,
                    Duration.between(minute.minus(Duration.ofMinutes(1)), at),
                    Duration.between(minute.minus(Duration.ofHours(1)), at));
              })
          .get(0);
    }

    private void ended() {
      Sql.query(
          connection,
          ended,
          row -> {
            Kind kind = new Kind(row.getString("queue"), row.getString("type"));
            Counted.Row counted = Counted.Row.of(row);
            depths(kind.queue(), kind.type());
            of(hours, kind).add(counted);
            of(queueHours, kind.queue()).add(counted);
            if (row.getBoolean("recent")) {
              of(minutes, kind).add(counted);
              of(queueMinutes, kind.queue()).add(counted);
            }
            return kind;
          });
    }

    private static <K> Counted of(Map<K, Counted> sums, K key) {
      return sums.computeIfAbsent(key, absent -> new Counted());
    }

    private Depths depths(String queue, String type) {
      return depths
          .computeIfAbsent(queue, absent -> new TreeMap<>())
          .computeIfAbsent(type, absent -> new Depths());
    }

    private void inPlace(String counting, Depths.Place place) {
      Sql.query(
          connection,
          counting,
          row -> {
            Depths at = depths(row.getString("queue"), row.getString("type"));
            at.add(place, row.getLong("jobs"), row.getLong("all_jobs") < BOUND);
            return at;
          },
          BOUND);
    }

    private void delayed() {
      Sql.query(
          connection,
          delayed,
          row -> {
            Depths at = depths(row.getString("queue"), row.getString("type"));
            boolean exact = row.getLong("all_jobs") < BOUND;
            at.add(Depths.Place.SCHEDULED, row.getLong("scheduled"), exact);
            at.add(Depths.Place.RETRYING, row.getLong("retrying"), exact);
            return at;
          },
          BOUND);
    }

    private void oldest() {
      Sql.query(
          connection,
          oldest,
          row ->
              oldestDue.put(
                  row.getString("queue"),
                  Duration.ofMillis(Math.round(row.getDouble("age") * 1_000))));
    }

    private void leases() {
      Sql.query(
          connection,
          leases,
          row -> {
            Depths at = depths(row.getString("queue"), row.getString("type"));
            long jobs = row.getLong("jobs");
            boolean exact = row.getLong("all_jobs") < LEASES_BOUND;
            at.add(Depths.Place.RUNNING, jobs, exact);
            return claimed.merge(
                row.getObject("instance_id", UUID.class),
                new JobCount(jobs, exact),
                (a, b) -> new JobCount(a.atLeast() + b.atLeast(), exact));
          },
          LEASES_BOUND);
    }

    private QueueStatistics queue(String name, Map<String, Depths> types, Window window) {
      Depths whole = new Depths();
      types.values().forEach(whole::add);
      return new QueueStatistics(
          name,
          whole.depth(),
          oldestDue.getOrDefault(name, Duration.ZERO),
          of(queueMinutes, name).over(window.minute()),
          of(queueHours, name).over(window.hour()),
          types.entrySet().stream()
              .map(
                  type -> {
                    Kind kind = new Kind(name, type.getKey());
                    return new TypeStatistics(
                        name,
                        type.getKey(),
                        type.getValue().depth(),
                        of(minutes, kind).over(window.minute()),
                        of(hours, kind).over(window.hour()));
                  })
              .toList());
    }

    private List<NodeStatistics> nodes() {
      return Sql.query(
          connection,
          nodes,
          row -> {
            UUID id = row.getObject("instance_id", UUID.class);
            return new NodeStatistics(
                id,
                row.getString("name"),
                row.getBoolean("alive"),
                row.getInt("workers"),
                claimed.getOrDefault(id, JobCount.NONE));
          },
          (Object) claimed.keySet().toArray(UUID[]::new));
    }
  }
}
