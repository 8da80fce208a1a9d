package dev.plinth.jobs.internal;

import dev.plinth.core.PlinthException;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Enqueued;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.Unique;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The keys of unique jobs. A key belongs to the job that its row names for as long as that stands
 * where its policy says, which is read when another asks for the key: so nothing needs to be
 * written here when a job is claimed, fails or is rescued. Rows are removed with the end of their
 * job only to keep the table small.
 */
final class UniqueKeys implements Sweep {
  private static final int MOST_ROUNDS = 1_000;
  private static final int AT_ONCE = 1_000;
  private static final UUID FIRST = new UUID(0, 0);

  private static final String GIVEN =
      """
      WITH common AS MATERIALIZED (
        SELECT ?::text AS tenant, ?::text AS type, ?::text AS key, ?::bigint AS window_ms,
               ?::text[] AS states
      ), given AS MATERIALIZED (
        SELECT g.id, c.states,
               pg_catalog.sha256(
                 pg_catalog.convert_to(
                   pg_catalog.jsonb_build_array(
                     c.tenant, c.type, c.key, g.args::jsonb, c.window_ms)::text,
                   'UTF8')) AS hash,
               COALESCE(
                 floor(extract(epoch FROM {now}) * 1000 / c.window_ms)::bigint, 0) AS bucket,
               c.window_ms
        FROM unnest((SELECT ?::uuid[]), ?::text[]) AS g(id, args)
        CROSS JOIN common c
      )
      """;

  // In the order of the hashes, so that two calls cannot wait for each other. Waits for whoever is
  // enqueueing the same key.
  private static final String INSERT =
      """
      INSERT INTO {schema}.job_unique (hash, bucket, job_id, states, expires_at)
      SELECT g.hash, g.bucket, g.id, g.states,
             pg_catalog.to_timestamp((g.bucket + 1) * (g.window_ms / 1000.0))
      FROM given g
      ORDER BY g.hash
      ON CONFLICT (hash, bucket) DO NOTHING
      RETURNING job_id
      """;

  // A statement of its own, so that it sees whom the insert has waited for.
  private static final String FIND =
      """
      SELECT g.id, u.job_id AS holder,
             CASE
               WHEN j.id IS NULL THEN 'gone'
               WHEN j.status <> 'pending' THEN j.status
               WHEN l.job_id IS NOT NULL THEN 'running'
               WHEN d.attempt > 1 THEN 'retrying'
               WHEN d.job_id IS NOT NULL THEN 'scheduled'
               WHEN w.job_id IS NOT NULL THEN 'waiting'
               WHEN p.job_id IS NOT NULL THEN 'limited'
               ELSE 'ready'
             END = ANY (u.states) AS held
      FROM given g
      LEFT JOIN {schema}.job_unique u ON u.hash = g.hash AND u.bucket = g.bucket
      LEFT JOIN {schema}.computational_jobs j ON j.id = u.job_id
      LEFT JOIN {schema}.job_leases l ON l.job_id = j.id
      LEFT JOIN {schema}.job_delayed d ON d.job_id = j.id
      LEFT JOIN {schema}.job_waiting w ON w.job_id = j.id
      LEFT JOIN {schema}.job_parked p ON p.job_id = j.id
      """;

  // Only while the key is still the one's that no longer holds it: another may have been faster.
  private static final String TAKE_OVER =
      """
      , old AS MATERIALIZED (
        SELECT u.hash, u.bucket, u.job_id, g.id, g.states
        FROM given g
        JOIN unnest((SELECT ?::uuid[]), ?::uuid[]) AS o(id, holder) ON o.id = g.id
        JOIN {schema}.job_unique u
          ON u.hash = g.hash AND u.bucket = g.bucket AND u.job_id = o.holder
        ORDER BY u.hash
        FOR UPDATE OF u
      )
      UPDATE {schema}.job_unique u
      SET job_id = o.id,
          states = o.states
      FROM old o
      WHERE u.hash = o.hash
        AND u.bucket = o.bucket
        AND u.job_id = o.job_id
      RETURNING u.job_id
      """;

  // SKIP LOCKED: the end of a job waits for nobody who may be taking its key.
  private static final String FREE =
      """
      WITH over AS MATERIALIZED (
        SELECT u.hash, u.bucket
        FROM {schema}.job_unique u
        WHERE u.job_id = ANY (?::uuid[])
          AND NOT (?::text = ANY (u.states))
        FOR UPDATE SKIP LOCKED
      )
      DELETE FROM {schema}.job_unique u
      USING over o
      WHERE u.hash = o.hash
        AND u.bucket = o.bucket
      """;

  // A failed job's row stays while its record does: retried by hand, it holds its key again.
  private static final String TIDY =
      """
      WITH page AS MATERIALIZED (
        SELECT u.job_id
        FROM {schema}.job_unique u
        WHERE u.job_id > ?
        ORDER BY u.job_id
        LIMIT ?
      ), over AS MATERIALIZED (
        SELECT u.hash, u.bucket
        FROM page p
        JOIN {schema}.job_unique u ON u.job_id = p.job_id
        WHERE u.expires_at <= {now}
           OR NOT EXISTS (
             SELECT FROM {schema}.computational_jobs j
             WHERE j.id = u.job_id
               AND (j.status IN ('pending', 'failed') OR j.status = ANY (u.states)))
        FOR UPDATE OF u SKIP LOCKED
      ), gone AS (
        DELETE FROM {schema}.job_unique u
        USING over o
        WHERE u.hash = o.hash
          AND u.bucket = o.bucket
      )
      SELECT p.job_id
      FROM page p
      ORDER BY p.job_id
      """;

  private final UuidV7 ids;
  private final String insert;
  private final String find;
  private final String takeOver;
  private final String free;
  private final String tidy;
  private UUID tidiedUpTo = FIRST;

  UniqueKeys(Schema schema, UuidV7 ids) {
    this.ids = ids;
    this.insert = schema.render(GIVEN + INSERT);
    this.find = schema.render(GIVEN + FIND);
    this.takeOver = schema.render(GIVEN.stripTrailing() + TAKE_OVER);
    this.free = schema.render(FREE);
    this.tidy = schema.render(TIDY);
  }

  private record Holder(UUID id, @Nullable UUID holder, boolean held) {}

  /** What one call asks for. */
  private record Asked(
      @Nullable String tenant, String type, Unique unique, Map<UUID, String> documents) {
    @Nullable Object[] parameters(Collection<UUID> of, @Nullable Object... more) {
      List<@Nullable Object> all = new ArrayList<>();
      all.add(tenant);
      all.add(type);
      all.add(unique.key());
      all.add(unique.window() == null ? null : unique.window().toMillis());
      all.add(names(unique.states()));
      all.add(of.toArray(UUID[]::new));
      all.add(
          of.stream()
              .map(id -> unique.key() == null ? documents.get(id) : null)
              .toArray(String[]::new));
      all.addAll(Arrays.asList(more));
      return all.toArray();
    }

    private static String[] names(Set<JobStatus> states) {
      return states.stream().map(UniqueKeys::name).toArray(String[]::new);
    }
  }

  private static String name(JobStatus status) {
    return status.name().toLowerCase(Locale.ROOT);
  }

  /**
   * For each document either the id that its job is to be written with in this transaction, or the
   * job that holds its key.
   */
  List<Enqueued> claim(
      Tx tx, @Nullable String tenant, String type, Unique unique, List<Json> documents) {
    List<UUID> order = new ArrayList<>(documents.size());
    Map<UUID, String> texts = new HashMap<>();
    for (Json document : documents) {
      UUID id = ids.next();
      order.add(id);
      texts.put(id, document.text());
    }
    Asked asked = new Asked(tenant, type, unique, texts);
    Map<UUID, Enqueued> settled = new HashMap<>();
    Set<UUID> fresh = new HashSet<>();
    Set<UUID> open = new HashSet<>(order);
    for (int round = 0; !open.isEmpty(); round++) {
      if (round == MOST_ROUNDS) {
        throw new PlinthException(
            "Others took the keys of unique jobs of type " + type + " again and again: try again");
      }
      fresh.addAll(run(tx, insert, asked.parameters(open)));
      open.removeAll(fresh);
      Map<UUID, UUID> old = new HashMap<>();
      for (Holder found : open.isEmpty() ? List.<Holder>of() : holders(tx, asked, open)) {
        UUID holder = found.holder();
        // One of this call is there though its record is not yet written.
        if (holder != null && (found.held() || fresh.contains(holder))) {
          settled.put(found.id(), new Enqueued.Duplicate(new JobId(holder)));
        } else if (holder != null) {
          old.put(found.id(), holder);
        }
      }
      open.removeAll(settled.keySet());
      if (!old.isEmpty()) {
        fresh.addAll(
            run(
                tx,
                takeOver,
                asked.parameters(
                    old.keySet(),
                    old.keySet().toArray(UUID[]::new),
                    old.values().toArray(UUID[]::new))));
        open.removeAll(fresh);
      }
    }
    fresh.forEach(id -> settled.put(id, new Enqueued.Fresh(new JobId(id))));
    return order.stream().map(id -> Objects.requireNonNull(settled.get(id))).toList();
  }

  private static List<UUID> run(Tx tx, String statement, @Nullable Object[] parameters) {
    return Sql.query(tx.connection(), statement, row -> row.getObject(1, UUID.class), parameters);
  }

  private List<Holder> holders(Tx tx, Asked asked, Set<UUID> open) {
    return Sql.query(
        tx.connection(),
        find,
        row ->
            new Holder(
                row.getObject("id", UUID.class), Sql.uuid(row, "holder"), row.getBoolean("held")),
        asked.parameters(open));
  }

  /** Jobs have ended like this: what their policies do not hold on to is removed. */
  void free(Tx tx, Collection<UUID> jobs, JobStatus ended) {
    if (!jobs.isEmpty()) {
      Sql.update(tx.connection(), free, jobs.toArray(UUID[]::new), name(ended));
    }
  }

  /** Removes what was left: windows that are over, jobs whose records are gone. */
  @Override
  public synchronized boolean chunk(Tx tx) {
    List<UUID> page = run(tx, tidy, new Object[] {tidiedUpTo, AT_ONCE});
    boolean more = page.size() == AT_ONCE;
    tidiedUpTo = more ? page.get(page.size() - 1) : FIRST;
    return more;
  }
}
