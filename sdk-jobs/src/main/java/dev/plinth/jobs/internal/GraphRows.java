package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Dependency;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.OnFailure;
import dev.plinth.jobs.UnknownJobException;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/** Writes and reads what jobs wait for. */
final class GraphRows {
  private static final int AT_ONCE = 10_000;

  // Reads without locking: a parent that ends meanwhile is found by the child's own signal, or else
  // by the sweep.
  private static final String PARENTS =
      """
      SELECT j.id, j.status
      FROM unnest((SELECT ?::uuid[])) AS g(id)
      CROSS JOIN LATERAL (
        SELECT j.id, j.status
        FROM {schema}.computational_jobs j
        WHERE j.id = g.id
          AND (?::text IS NULL OR j.tenant_id = ?::text)
        LIMIT 1
      ) j
      """;
  private static final String LINK =
      """
      INSERT INTO {schema}.job_edges (job_id, parent_id, on_failure)
      SELECT *
      FROM unnest((SELECT ?::uuid[]), ?::uuid[], ?::text[])
      """;
  private static final String SIGNAL =
      """
      INSERT INTO {schema}.job_signals (job_id)
      SELECT *
      FROM unnest((SELECT ?::uuid[]))
      """;
  private static final String WAITS_FOR =
      """
      SELECT e.parent_id, e.on_failure
      FROM {schema}.job_edges e
      WHERE e.job_id = ?
        AND (?::text IS NULL OR EXISTS (
          SELECT FROM {schema}.computational_jobs j
          WHERE j.id = e.job_id
            AND j.tenant_id = ?::text))
      ORDER BY e.parent_id
      """;

  private final String parents;
  private final String link;
  private final String signal;
  private final String waitsFor;

  GraphRows(Schema schema) {
    this.parents = schema.render(PARENTS);
    this.link = schema.render(LINK);
    this.signal = schema.render(SIGNAL);
    this.waitsFor = schema.render(WAITS_FOR);
  }

  /** Somebody waits for somebody. */
  record Edge(UUID job, UUID parent, OnFailure onFailure) {}

  /**
   * Those of the parents that are still to be waited for.
   *
   * @throws UnknownJobException when one does not exist for this transaction
   */
  Map<JobId, OnFailure> open(Tx tx, Map<JobId, OnFailure> after) {
    Map<JobId, OnFailure> open = new LinkedHashMap<>();
    Map<JobId, String> statuses = statuses(tx, after.keySet());
    after.forEach(
        (parent, onFailure) -> {
          String status = statuses.get(parent);
          if (status == null) {
            throw new UnknownJobException(parent);
          }
          boolean settled =
              status.equals("completed")
                  || (!status.equals("pending") && onFailure == OnFailure.RUN);
          if (!settled) {
            open.put(parent, onFailure);
          }
        });
    return open;
  }

  private Map<JobId, String> statuses(Tx tx, Collection<JobId> ids) {
    Map<JobId, String> statuses = new HashMap<>();
    if (!ids.isEmpty()) {
      String tenant = tx.tenantId().orElse(null);
      Sql.query(
          tx.connection(),
          parents,
          row -> statuses.put(new JobId(row.getObject("id", UUID.class)), row.getString("status")),
          ids.stream().map(JobId::value).toArray(UUID[]::new),
          tenant,
          tenant);
    }
    return statuses;
  }

  void link(Tx tx, List<Edge> edges) {
    for (int from = 0; from < edges.size(); from += AT_ONCE) {
      List<Edge> chunk = edges.subList(from, Math.min(from + AT_ONCE, edges.size()));
      Sql.update(
          tx.connection(),
          link,
          chunk.stream().map(Edge::job).toArray(UUID[]::new),
          chunk.stream().map(Edge::parent).toArray(UUID[]::new),
          chunk.stream().map(edge -> word(edge.onFailure())).toArray(String[]::new));
    }
  }

  /** Has these jobs looked at soon: a parent may be ending that does not see the edge yet. */
  void signal(Tx tx, Collection<UUID> jobs) {
    if (!jobs.isEmpty()) {
      Sql.update(tx.connection(), signal, (Object) jobs.toArray(UUID[]::new));
    }
  }

  /** A transaction of a tenant sees that tenant's jobs only. */
  List<Dependency> waitsFor(Tx tx, JobId id) {
    String tenant = tx.tenantId().orElse(null);
    return Sql.query(
        tx.connection(),
        waitsFor,
        row ->
            new Dependency(
                new JobId(row.getObject("parent_id", UUID.class)),
                OnFailure.valueOf(row.getString("on_failure").toUpperCase(Locale.ROOT))),
        id.value(),
        tenant,
        tenant);
  }

  private static String word(OnFailure onFailure) {
    return onFailure.name().toLowerCase(Locale.ROOT);
  }
}
