package dev.plinth.jobs.internal;

import dev.plinth.core.id.UuidV7;
import dev.plinth.core.json.Json;
import dev.plinth.core.notify.PreparedNotification;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Writes new jobs: their records, and their places in line. */
final class Enqueue {
  private static final int AT_ONCE = 2_000;
  private static final int PLACED_AT_ONCE = 10_000;

  private static final String RECORD =
      """
      WITH given AS MATERIALIZED (
        SELECT g.id, g.args
        FROM unnest((SELECT ?::uuid[]), ?::text[]) AS g(id, args)
      ), recorded AS (
        INSERT INTO {schema}.computational_jobs
          (id, args, tenant_id, user_id, type, job_version, queue, priority, parent_job_id, batch_id,
           max_attempts, definition, subject, trigger_type, metadata, limit_key, deadline,
           timeout_ms, holds_key, created_at, scheduled_at)
        SELECT g.id, g.args::jsonb, ?::text, ?::uuid, ?::text, ?, ?::text, ?, ?::uuid, ?::uuid,
               ?, ?::text, ?::text, ?::text, ?::jsonb, ?::text, ?::timestamptz,
               ?::bigint, ?::boolean, {now}, {at}
        FROM given g
      )
      """;
  // All jobs of a call are counted by the same limits, or by none.
  private static final String READY =
      """
      , line AS MATERIALIZED (
        SELECT c.queue, c.priority, c.type, c.job_version, COALESCE(c.limit_key, '') AS limit_key,
               count(l.scope) > 0 AS is_limited,
               COALESCE(
                 CASE WHEN bool_or(l.fair_share IS NOT NULL) THEN c.user_id END,
                 '00000000-0000-0000-0000-000000000000') AS line_user
        FROM (
          SELECT ?::text AS queue, ?::smallint AS priority, ?::text AS type,
                 ?::integer AS job_version, ?::text AS limit_key, ?::uuid AS user_id
        ) c
        LEFT JOIN {schema}.job_limits l ON {counting}
        GROUP BY c.queue, c.priority, c.type, c.job_version, c.limit_key, c.user_id
      ), parked AS (
        INSERT INTO {schema}.job_parked
          (job_id, queue, priority, type, limit_key, user_id, job_version)
        SELECT g.id, c.queue, c.priority, c.type, c.limit_key, c.line_user, c.job_version
        FROM given g
        CROSS JOIN line c
        WHERE c.is_limited
      )
      INSERT INTO {schema}.job_ready (job_id, queue, priority, type, job_version)
      SELECT g.id, c.queue, c.priority, c.type, c.job_version
      FROM given g
      CROSS JOIN line c
      WHERE NOT c.is_limited
      """;

  /** Of equal notifications PostgreSQL sends one. */
  private static final String TELLING = "RETURNING pg_catalog.pg_notify(?, ?)";

  private static final String DELAYED =
      """
      INSERT INTO {schema}.job_delayed (job_id, queue, priority, type, job_version, run_at)
      SELECT g.id, ?::text, ?, ?::text, ?, {at}
      FROM given g
      """;
  private static final String WAITING =
      """
      INSERT INTO {schema}.job_waiting
        (job_id, queue, priority, type, job_version, run_at, waiting_since)
      SELECT g.id, ?::text, ?, ?::text, ?, {at}, {now}
      FROM given g
      """;
  private static final String AT =
      "COALESCE(?::timestamptz, {now} + make_interval(secs => ?::double precision))";

  private static final String DEADLINES =
      """
      INSERT INTO {schema}.job_deadlines (job_id, look_at)
      SELECT g.id, ?::timestamptz
      FROM unnest((SELECT ?::uuid[])) AS g(id)
      """;

  /** For records that were written already. */
  private static final String RECORDED =
      """
      WITH given AS MATERIALIZED (
        SELECT g.id
        FROM unnest((SELECT ?::uuid[])) AS g(id)
      )
      """;

  private final UuidV7 ids;
  private final GateHints gateHints;
  private final Audited audited;
  private final CopyRecords copy;
  private final Places places;
  private final Places recordsAndPlaces;
  private final String deadlines;

  Enqueue(Schema schema, UuidV7 ids, GateHints gateHints, Audited audited) {
    this.ids = ids;
    this.gateHints = gateHints;
    this.audited = audited;
    String toReady =
        READY.replace("{counting}", Parking.counting("c.queue", "c.type", "c.limit_key"));
    this.recordsAndPlaces = places(schema, RECORD, toReady);
    this.places = places(schema, RECORDED, toReady);
    this.deadlines = schema.render(DEADLINES);
    this.copy = new CopyRecords(schema);
  }

  private static Places places(Schema schema, String given, String toReady) {
    return new Places(
        schema.render((given + toReady).replace("{at}", "NULL::timestamptz")),
        schema.render((given + toReady + TELLING).replace("{at}", "NULL::timestamptz")),
        schema.render((given + DELAYED).replace("{at}", AT)),
        schema.render((given + WAITING).replace("{at}", "NULL::timestamptz")),
        schema.render((given + WAITING).replace("{at}", AT)));
  }

  /** Statements that put jobs in their places: now or later, waiting for others or not. */
  private record Places(
      String ready, String readyTelling, String delayed, String waiting, String waitingLater) {
    String of(Common c) {
      if (c.waits()) {
        return c.isLater() ? waitingLater : waiting;
      }
      return c.isLater() ? delayed : ready;
    }
  }

  /**
   * What the jobs of one call have in common.
   *
   * @param queue the options' queue, or else the kind's
   * @param maxAttempts the options', or else the kind's
   * @param waits whether edges keep them from being ready
   */
  record Common(
      @Nullable String tenant,
      String type,
      int version,
      String queue,
      int maxAttempts,
      JobOptions options,
      boolean waits) {
    boolean isLater() {
      return options.runAt() != null || options.delay() != null;
    }
  }

  List<JobId> write(Tx tx, Common common, List<Json> args) {
    return write(tx, common, args.stream().map(each -> draw()).toList(), args);
  }

  /** With ids that were drawn before. */
  List<JobId> write(Tx tx, Common common, List<JobId> jobs, List<Json> args) {
    CopyRecords.Times copied =
        args.size() >= CopyRecords.WORTH_IT ? copy.write(tx, common, jobs, args) : null;
    if (copied != null && !common.isLater() && !common.waits() && copy.lineUp(tx, common, jobs)) {
      writeDeadlines(tx, common, jobs.stream().map(JobId::value).toArray(UUID[]::new));
      audited.enqueued(tx, common, jobs);
      return jobs;
    }
    int atOnce = copied != null ? PLACED_AT_ONCE : AT_ONCE;
    for (int from = 0; from < args.size(); from += atOnce) {
      int to = Math.min(from + atOnce, args.size());
      UUID[] chunk = jobs.subList(from, to).stream().map(JobId::value).toArray(UUID[]::new);
      List<@Nullable Object> parameters = new ArrayList<>();
      parameters.add(chunk);
      if (copied == null) {
        parameters.add(args.subList(from, to).stream().map(Json::text).toArray(String[]::new));
        addRecord(parameters, common);
      }
      addPlace(parameters, common, copied);
      String statement = (copied != null ? places : recordsAndPlaces).of(common);
      insert(tx, common, statement, parameters, chunk);
    }
    audited.enqueued(tx, common, jobs);
    return jobs;
  }

  /**
   * Whether one statement does for jobs like these: they are ready, and nothing else is written.
   */
  boolean isOneStatement(Common common, int jobs) {
    return !common.isLater()
        && !common.waits()
        && common.options().user() == null
        && common.options().deadline() == null
        && jobs < CopyRecords.WORTH_IT
        && !audited.isOf(common.type());
  }

  /** By that one statement, which sends the notification besides, if there is one. */
  void writeByOneStatement(
      Tx tx,
      Common common,
      List<JobId> jobs,
      List<Json> args,
      @Nullable PreparedNotification notification) {
    List<@Nullable Object> parameters = new ArrayList<>();
    parameters.add(jobs.stream().map(JobId::value).toArray(UUID[]::new));
    parameters.add(args.stream().map(Json::text).toArray(String[]::new));
    addRecord(parameters, common);
    addPlace(parameters, common, null);
    int inLine;
    if (notification == null) {
      inLine = Sql.update(tx.connection(), recordsAndPlaces.ready(), parameters.toArray());
    } else {
      parameters.add(notification.channel());
      parameters.add(notification.payload());
      inLine =
          Sql.query(
                  tx.connection(),
                  recordsAndPlaces.readyTelling(),
                  row -> true,
                  parameters.toArray())
              .size();
    }
    if (inLine < jobs.size()) {
      gateHints.parkedByOneStatement(tx);
    }
  }

  /** An id for a job that is about to be written. */
  JobId draw() {
    return new JobId(ids.next());
  }

  private static void addRecord(List<@Nullable Object> parameters, Common c) {
    JobOptions o = c.options();
    parameters.add(c.tenant());
    parameters.add(o.user());
    parameters.add(c.type());
    parameters.add(c.version());
    parameters.add(c.queue());
    parameters.add(o.priority());
    parameters.add(o.parent() == null ? null : o.parent().value());
    parameters.add(o.batch() == null ? null : o.batch().value());
    parameters.add(c.maxAttempts());
    parameters.add(o.definition());
    parameters.add(o.subject());
    parameters.add(o.trigger());
    parameters.add(o.metadata());
    parameters.add(o.limitKey());
    parameters.add(o.deadline());
    parameters.add(o.timeout() == null ? null : o.timeout().toMillis());
    parameters.add(o.unique() == null ? null : true);
    addTime(parameters, c);
  }

  private static void addPlace(
      List<@Nullable Object> parameters, Common c, CopyRecords.@Nullable Times copied) {
    parameters.add(c.queue());
    parameters.add(c.options().priority());
    parameters.add(c.type());
    parameters.add(c.version());
    if (copied != null && c.isLater()) {
      // As the records have it: the database's clock has moved on since.
      parameters.add(copied.scheduled());
      parameters.add(null);
    } else {
      addTime(parameters, c);
    }
    if (!c.isLater() && !c.waits()) {
      parameters.add(c.options().limitKey());
      parameters.add(c.options().user());
    }
  }

  private static void addTime(List<@Nullable Object> parameters, Common c) {
    if (c.isLater()) {
      parameters.add(c.options().runAt());
      parameters.add(c.options().delay());
    }
  }

  private void insert(
      Tx tx, Common c, String statement, List<@Nullable Object> parameters, UUID[] chunk) {
    int inLine = Sql.update(tx.connection(), statement, parameters.toArray());
    if (inLine < chunk.length) {
      gateHints.parked(tx);
    }
    writeDeadlines(tx, c, chunk);
  }

  private void writeDeadlines(Tx tx, Common c, UUID[] jobs) {
    if (c.options().deadline() != null) {
      Sql.update(tx.connection(), deadlines, c.options().deadline(), jobs);
    }
  }
}
