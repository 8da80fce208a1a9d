package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Fault;
import dev.plinth.jobs.internal.node.NodeInvariants;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What must hold between the tables at any moment, as queries that return what breaks it. */
final class Invariants {
  private static final String PLACES =
      """
      SELECT p.job_id::text AS subject,
             'status ' || COALESCE(j.status, 'missing') || ', places: ' || p.places AS detail
      FROM (
        SELECT x.job_id, count(*) AS n, string_agg(x.place, ', ') AS places
        FROM (
          SELECT job_id, 'ready' AS place FROM {schema}.job_ready
          UNION ALL
          SELECT job_id, 'delayed' FROM {schema}.job_delayed
          UNION ALL
          SELECT job_id, 'leased' FROM {schema}.job_leases
          UNION ALL
          SELECT job_id, 'waiting' FROM {schema}.job_waiting
          UNION ALL
          SELECT job_id, 'parked' FROM {schema}.job_parked
        ) x
        GROUP BY x.job_id
      ) p
      LEFT JOIN {schema}.computational_jobs j ON j.id = p.job_id
      WHERE p.n > 1
         OR j.status IS DISTINCT FROM 'pending'
      """;
  private static final String NOWHERE =
      """
      SELECT j.id::text AS subject,
             'pending, but neither ready, delayed, leased, waiting nor parked' AS detail
      FROM {schema}.computational_jobs j
      WHERE j.status = 'pending'
        AND NOT EXISTS (SELECT FROM {schema}.job_ready x WHERE x.job_id = j.id)
        AND NOT EXISTS (SELECT FROM {schema}.job_delayed x WHERE x.job_id = j.id)
        AND NOT EXISTS (SELECT FROM {schema}.job_leases x WHERE x.job_id = j.id)
        AND NOT EXISTS (SELECT FROM {schema}.job_waiting x WHERE x.job_id = j.id)
        AND NOT EXISTS (SELECT FROM {schema}.job_parked x WHERE x.job_id = j.id)
      """;
  // A completion is told by the record, or, by a node of an earlier version, by a row of its own.
  private static final String ENDED_ONCE =
      """
      SELECT j.id::text AS subject,
             'status ' || j.status || ', attempts that completed it: ' || a.completed
               || ', told by the record: ' || COALESCE(j.epoch::text, 'none')
               || ', that came last: ' || COALESCE(a.last, 'none') AS detail
      FROM {schema}.computational_jobs j
      CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE a.outcome = 'completed') AS completed, max(a.epoch) AS epoch,
               (array_agg(a.outcome ORDER BY a.epoch DESC))[1] AS last
        FROM {schema}.job_attempts a
        WHERE a.job_id = j.id
      ) a
      WHERE a.completed + CASE WHEN j.epoch IS NULL THEN 0 ELSE 1 END
              <> CASE WHEN j.status = 'completed' THEN 1 ELSE 0 END
         OR j.epoch <= a.epoch
         OR num_nonnulls(j.epoch, j.attempt, j.instance_id) NOT IN (0, 3)
         OR (j.status = 'failed'
             AND COALESCE(a.last, 'none') NOT IN ('failed', 'timed_out', 'discarded'))
      """;
  private static final String EPOCHS =
      """
      SELECT p.job_id::text AS subject,
             p.place || ' at epoch ' || p.epoch || ', but an attempt ended at ' || a.epoch AS detail
      FROM (
        SELECT job_id, epoch + 1 AS epoch, 'ready' AS place FROM {schema}.job_ready
        UNION ALL
        SELECT job_id, epoch + 1, 'delayed' FROM {schema}.job_delayed
        UNION ALL
        SELECT job_id, epoch + 1, 'parked' FROM {schema}.job_parked
        UNION ALL
        SELECT job_id, epoch, 'leased' FROM {schema}.job_leases
        UNION ALL
        SELECT job_id, epoch + 1, 'waiting' FROM {schema}.job_waiting
      ) p
      JOIN {schema}.job_attempts a ON a.job_id = p.job_id AND a.epoch >= p.epoch
      """;

  private final Map<String, String> queries = new LinkedHashMap<>();

  /** With those that other parts add: queries for subject and detail, by the invariant's name. */
  Invariants(Schema schema, List<Map<String, String>> more) {
    queries.put("one-place", schema.render(PLACES));
    queries.put("not-nowhere", schema.render(NOWHERE));
    queries.put("ended-once", schema.render(ENDED_ONCE));
    queries.put("epochs-ascend", schema.render(EPOCHS));
    add(BatchInvariants.queries(schema));
    add(NodeInvariants.queries(schema));
    more.forEach(this::add);
    add(LimitInvariants.queries(schema));
    add(ScheduleInvariants.queries(schema));
    add(ControlInvariants.queries(schema));
  }

  private void add(Map<String, String> part) {
    part.forEach(
        (name, query) -> {
          if (queries.putIfAbsent(name, query) != null) {
            throw new IllegalStateException("Two invariants have the name " + name);
          }
        });
  }

  /** What the invariants are called. */
  Set<String> names() {
    return Collections.unmodifiableSet(queries.keySet());
  }

  List<Fault> check(Tx tx) {
    List<Fault> faults = new ArrayList<>();
    queries.forEach(
        (name, query) ->
            faults.addAll(
                Sql.query(
                    tx.connection(),
                    query,
                    row -> new Fault(name, row.getString("subject"), row.getString("detail")))));
    return faults;
  }
}
