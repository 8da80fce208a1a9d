package dev.plinth.jobs.internal;

import dev.plinth.core.id.UuidV7;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.JobId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Writes new jobs: their records, and their places in line. */
final class Enqueue {
  private static final int AT_ONCE = 2_000;

  private static final String RECORD =
      """
      WITH given AS MATERIALIZED (
        SELECT g.id, g.args
        FROM unnest(?::uuid[], ?::text[]) AS g(id, args)
      ), recorded AS (
        INSERT INTO {schema}.computational_jobs
          (id, args, tenant_id, user_id, type, job_version, queue, priority, parent_job_id, batch_id,
           max_attempts, created_at, scheduled_at)
        SELECT g.id, g.args::jsonb, ?::text, ?::uuid, ?::text, ?, ?::text, ?, ?::uuid, ?::uuid,
               ?, {now}, {at}
        FROM given g
      )
      """;
  private static final String READY =
      """
      INSERT INTO {schema}.job_ready (job_id, queue, priority, type, job_version)
      SELECT g.id, ?::text, ?, ?::text, ?
      FROM given g
      """;
  private static final String DELAYED =
      """
      INSERT INTO {schema}.job_delayed (job_id, queue, priority, type, job_version, run_at)
      SELECT g.id, ?::text, ?, ?::text, ?, {at}
      FROM given g
      """;
  private static final String AT =
      "COALESCE(?::timestamptz, {now} + make_interval(secs => ?::double precision))";

  private final UuidV7 ids;
  private final String ready;
  private final String delayed;

  Enqueue(Schema schema, UuidV7 ids) {
    this.ids = ids;
    this.ready = schema.render(RECORD.replace("{at}", "NULL::timestamptz") + READY);
    this.delayed = schema.render(RECORD.replace("{at}", AT) + DELAYED.replace("{at}", AT));
  }

  /** What the jobs of one call have in common. */
  record Common(
      @Nullable String tenant,
      @Nullable UUID user,
      String type,
      int version,
      String queue,
      int priority,
      @Nullable UUID parent,
      @Nullable UUID batch,
      int maxAttempts,
      @Nullable Instant runAt,
      @Nullable Duration delay) {}

  List<JobId> write(Tx tx, Common common, List<Json> args) {
    List<JobId> result = new ArrayList<>(args.size());
    for (int from = 0; from < args.size(); from += AT_ONCE) {
      List<Json> chunk = args.subList(from, Math.min(from + AT_ONCE, args.size()));
      UUID[] chunkIds = new UUID[chunk.size()];
      String[] texts = new String[chunk.size()];
      for (int i = 0; i < chunkIds.length; i++) {
        chunkIds[i] = ids.next();
        texts[i] = chunk.get(i).text();
        result.add(new JobId(chunkIds[i]));
      }
      insert(tx, common, chunkIds, texts);
    }
    return result;
  }

  private void insert(Tx tx, Common c, UUID[] chunkIds, String[] texts) {
    List<@Nullable Object> parameters = new ArrayList<>();
    parameters.add(chunkIds);
    parameters.add(texts);
    parameters.add(c.tenant());
    parameters.add(c.user());
    parameters.add(c.type());
    parameters.add(c.version());
    parameters.add(c.queue());
    parameters.add(c.priority());
    parameters.add(c.parent());
    parameters.add(c.batch());
    parameters.add(c.maxAttempts());
    boolean later = c.runAt() != null || c.delay() != null;
    if (later) {
      parameters.add(c.runAt());
      parameters.add(c.delay());
    }
    parameters.add(c.queue());
    parameters.add(c.priority());
    parameters.add(c.type());
    parameters.add(c.version());
    if (later) {
      parameters.add(c.runAt());
      parameters.add(c.delay());
    }
    Sql.update(tx.connection(), later ? delayed : ready, parameters.toArray());
  }
}
