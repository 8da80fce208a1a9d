package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Explanation;
import dev.plinth.jobs.Explanation.Holder;
import dev.plinth.jobs.Explanation.Taker;
import dev.plinth.jobs.JobCount;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.OnFailure;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Why a job does not run. Where it stands is read in one statement, so that it is not missed while
 * it moves; what keeps it there in others. Locks nothing.
 */
final class Explain {
  private static final int BOUND = 10_000;

  private static final String PLACE =
      """
      SELECT j.status, j.type, j.job_version, j.queue, j.error, j.completed_at, {now} AS now,
             r.priority, r.xid::text AS xid, r.seq,
             d.run_at, d.attempt AS next_attempt,
             l.instance_id, l.claimed_at, l.attempt, i.name,
             COALESCE(i.ended_at IS NULL AND i.expires_at > {now}, FALSE) AS alive,
             w.waiting_since, k.job_id IS NOT NULL AS is_parked,
             COALESCE(r.xmax, d.xmax, l.xmax, w.xmax, k.xmax)::text AS xmax
      FROM {schema}.computational_jobs j
      LEFT JOIN {schema}.job_ready r ON r.job_id = j.id
      LEFT JOIN {schema}.job_delayed d ON d.job_id = j.id
      LEFT JOIN {schema}.job_leases l ON l.job_id = j.id
      LEFT JOIN {schema}.job_waiting w ON w.job_id = j.id
      LEFT JOIN {schema}.job_parked k ON k.job_id = j.id
      LEFT JOIN {schema}.instances i ON i.id = l.instance_id
      WHERE j.id = ?
        AND (?::text IS NULL OR j.tenant_id = ?::text)
      """;

  private static final String TAKERS =
      """
      SELECT h.instance_id, i.name, h.types, h.versions
      FROM {schema}.job_handlers h
      JOIN {schema}.instances i ON i.id = h.instance_id
      WHERE ? = ANY (h.queues)
        AND i.ended_at IS NULL
        AND i.expires_at > {now}
      ORDER BY i.name, h.claimer
      """;

  private static final String AHEAD =
      """
      SELECT (SELECT count(*)
              FROM (
                SELECT
                FROM {schema}.job_ready r
                WHERE r.queue = ?
                  AND r.priority > ?
                LIMIT ?) x) AS higher,
             (SELECT count(*)
              FROM (
                SELECT
                FROM {schema}.job_ready r
                WHERE r.queue = ?
                  AND r.priority = ?
                  AND (r.xid, r.seq) < (?::text::xid8, ?)
                LIMIT ?) x) AS before
      """;

  private static final String PARENTS =
      """
      SELECT e.parent_id, e.on_failure, j.type,
             CASE
               WHEN j.status <> 'pending' THEN j.status
               WHEN l.job_id IS NOT NULL THEN 'running'
               WHEN d.attempt > 1 THEN 'retrying'
               WHEN d.attempt = 1 THEN 'scheduled'
               WHEN w.job_id IS NOT NULL THEN 'waiting'
               WHEN k.job_id IS NOT NULL THEN 'limited'
               WHEN j.id IS NOT NULL THEN 'ready'
             END AS status
      FROM {schema}.job_edges e
      LEFT JOIN {schema}.computational_jobs j
        ON j.id = e.parent_id
        AND (?::text IS NULL OR j.tenant_id = ?::text)
      LEFT JOIN {schema}.job_leases l ON l.job_id = j.id
      LEFT JOIN {schema}.job_delayed d ON d.job_id = j.id
      LEFT JOIN {schema}.job_waiting w ON w.job_id = j.id
      LEFT JOIN {schema}.job_parked k ON k.job_id = j.id
      WHERE e.job_id = ?
      ORDER BY e.parent_id
      LIMIT 100
      """;

  private static final String PAUSED =
      """
      SELECT q.paused_at, q.paused_by, q.reason
      FROM {schema}.job_queues q
      WHERE q.queue = ?
      """;

  private final String place;
  private final String parents;
  private final String takers;
  private final String ahead;
  private final String paused;
  private final ParkedReason parkedReason;

  Explain(Schema schema, ParkedReason parkedReason) {
    this.place = schema.render(PLACE);
    this.parents = schema.render(PARENTS);
    this.takers = schema.render(TAKERS);
    this.ahead = schema.render(AHEAD);
    this.paused = schema.render(PAUSED);
    this.parkedReason = parkedReason;
  }

  /** A claim on it. */
  private record Lease(
      UUID instance, @Nullable String node, Instant since, int attempt, boolean alive) {}

  /** Its place in line. */
  private record Line(int priority, String xid, long seq) {}

  private record Place(
      String status,
      String type,
      int version,
      String queue,
      @Nullable String error,
      @Nullable Instant completedAt,
      Instant now,
      @Nullable Line line,
      @Nullable Instant runAt,
      int nextAttempt,
      @Nullable Lease lease,
      boolean isWaiting,
      boolean isParked,
      @Nullable String xmax) {}

  Optional<Explanation> run(Tx tx, JobId id) {
    String tenant = tx.tenantId().orElse(null);
    return Sql.first(tx.connection(), place, Explain::place, id.value(), tenant, tenant)
        .map(found -> explain(tx, id, found));
  }

  private Explanation waiting(Tx tx, JobId id) {
    String tenant = tx.tenantId().orElse(null);
    return new Explanation.WaitingForParents(
        Sql.query(tx.connection(), parents, Explain::parent, tenant, tenant, id.value()));
  }

  private Explanation explain(Tx tx, JobId id, Place job) {
    Connection connection = tx.connection();
    if (!job.status().equals("pending")) {
      return new Explanation.Ended(
          JobStatus.valueOf(job.status().toUpperCase(Locale.ROOT)),
          Objects.requireNonNull(job.completedAt()),
          job.error());
    }
    Lease lease = job.lease();
    if (lease != null) {
      return claimed(connection, job, lease);
    }
    if (job.runAt() != null) {
      return delayed(connection, job, job.runAt());
    }
    if (job.isWaiting()) {
      return waiting(tx, id);
    }
    if (job.isParked()) {
      return obstacle(connection, job).orElseGet(() -> limited(tx, id));
    }
    Line line = job.line();
    return line == null ? new Explanation.Nowhere() : ready(connection, job, line);
  }

  private static Explanation claimed(Connection connection, Place job, Lease lease) {
    Optional<Holder> holder = lease.alive() ? Optional.empty() : Holders.of(connection, job.xmax());
    return holder
        .<Explanation>map(held -> new Explanation.FenceHeld(lease.instance(), lease.node(), held))
        .orElseGet(
            () ->
                new Explanation.Running(
                    lease.instance(), lease.node(), lease.since(), lease.attempt(), lease.alive()));
  }

  /** One that is due becomes ready at the next promotion, if anybody is there to promote it. */
  private Explanation delayed(Connection connection, Place job, Instant runAt) {
    Explanation waits =
        job.nextAttempt() > 1
            ? new Explanation.BackingOff(runAt, job.nextAttempt(), job.error())
            : new Explanation.Scheduled(runAt);
    return runAt.isAfter(job.now()) ? waits : obstacle(connection, job).orElse(waits);
  }

  /** It may have been let through in the meantime. */
  private Explanation limited(Tx tx, JobId id) {
    return parkedReason
        .of(tx, id.value())
        .map(
            reason ->
                new Explanation.LimitReached(
                    reason.limit(),
                    reason.isShare(),
                    reason.running(),
                    reason.most(),
                    reason.holders().stream().map(JobId::new).toList(),
                    new JobCount(reason.ahead(), reason.ahead() < ParkedReason.FAR)))
        .orElse(new Explanation.LimitReached(null, false, 0, 0, List.of(), JobCount.NONE));
  }

  private Explanation ready(Connection connection, Place job, Line line) {
    return obstacle(connection, job).orElseGet(() -> inLine(connection, job, line));
  }

  /** What keeps it from being claimed, other than those ahead of it. */
  private Optional<Explanation> obstacle(Connection connection, Place job) {
    Optional<Explanation> pause =
        Sql.first(
            connection,
            paused,
            row ->
                new Explanation.Paused(
                    job.queue(),
                    Objects.requireNonNull(Sql.instant(row, "paused_at")),
                    row.getString("paused_by"),
                    row.getString("reason")),
            job.queue());
    if (pause.isPresent()) {
      return pause;
    }
    List<Taker> alive = Sql.query(connection, takers, Explain::taker, job.queue());
    if (alive.isEmpty()) {
      return Optional.of(new Explanation.NobodyWorks(job.queue()));
    }
    if (alive.stream()
        .noneMatch(taker -> taker.versions().getOrDefault(job.type(), 0) >= job.version())) {
      return Optional.of(new Explanation.NoHandler(job.type(), job.version(), alive));
    }
    return Holders.of(connection, job.xmax()).map(Explanation.Locked::new);
  }

  private Explanation inLine(Connection connection, Place job, Line line) {
    return Sql.query(
            connection,
            ahead,
            row -> {
              long higher = row.getLong("higher");
              long before = row.getLong("before");
              boolean exact = higher < BOUND && before < BOUND;
              return new Explanation.InLine(
                  job.queue(),
                  new JobCount(higher + before, exact),
                  new JobCount(higher, higher < BOUND));
            },
            job.queue(),
            line.priority(),
            BOUND,
            job.queue(),
            line.priority(),
            line.xid(),
            line.seq(),
            BOUND)
        .get(0);
  }

  private static Explanation.Parent parent(ResultSet row) throws SQLException {
    String status = row.getString("status");
    return new Explanation.Parent(
        new JobId(row.getObject("parent_id", UUID.class)),
        row.getString("type"),
        status == null ? null : JobStatus.valueOf(status.toUpperCase(Locale.ROOT)),
        OnFailure.valueOf(row.getString("on_failure").toUpperCase(Locale.ROOT)));
  }

  private static Taker taker(ResultSet row) throws SQLException {
    String[] types = (String[]) row.getArray("types").getArray();
    Integer[] versions = (Integer[]) row.getArray("versions").getArray();
    Map<String, Integer> handled = new HashMap<>();
    for (int i = 0; i < types.length; i++) {
      handled.put(types[i], versions[i]);
    }
    return new Taker(row.getObject("instance_id", UUID.class), row.getString("name"), handled);
  }

  private static Place place(ResultSet row) throws SQLException {
    UUID instance = Sql.uuid(row, "instance_id");
    String xid = row.getString("xid");
    return new Place(
        row.getString("status"),
        row.getString("type"),
        row.getInt("job_version"),
        row.getString("queue"),
        row.getString("error"),
        Sql.instant(row, "completed_at"),
        Objects.requireNonNull(Sql.instant(row, "now")),
        xid == null ? null : new Line(row.getInt("priority"), xid, row.getLong("seq")),
        Sql.instant(row, "run_at"),
        row.getInt("next_attempt"),
        instance == null
            ? null
            : new Lease(
                instance,
                row.getString("name"),
                Objects.requireNonNull(Sql.instant(row, "claimed_at")),
                row.getInt("attempt"),
                row.getBoolean("alive")),
        row.getObject("waiting_since") != null,
        row.getBoolean("is_parked"),
        row.getString("xmax"));
  }
}
