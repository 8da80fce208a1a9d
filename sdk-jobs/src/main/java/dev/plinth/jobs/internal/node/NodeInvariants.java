package dev.plinth.jobs.internal.node;

import dev.plinth.core.spi.Schema;
import java.util.LinkedHashMap;
import java.util.Map;

/** What must hold of nodes at any moment, as queries that return what breaks it. */
public final class NodeInvariants {
  private static final String STATUS =
      """
      SELECT n.id::text AS subject,
             'status ' || n.status || ', last logged ' || COALESCE(l.new_status, 'never') AS detail
      FROM {schema}.nodes n
      LEFT JOIN LATERAL (
        SELECT l.new_status
        FROM {schema}.node_lifecycle_logs l
        WHERE l.node_id = n.id
        ORDER BY l.id DESC
        LIMIT 1
      ) l ON TRUE
      WHERE l.new_status IS DISTINCT FROM n.status
      """;
  // The first of a node's entries may be gone, if a host prunes them; what is left must be a chain.
  private static final String CHAIN =
      """
      SELECT c.node_id::text AS subject,
             'entry ' || c.id || ', ' || c.event_type || ': from '
               || COALESCE(c.previous_status, 'nothing') || ' to ' || c.new_status || ' after '
               || COALESCE(c.before, 'nothing') AS detail
      FROM (
        SELECT l.node_id, l.id, l.event_type, l.previous_status, l.new_status,
               lag(l.new_status) OVER (PARTITION BY l.node_id ORDER BY l.id) AS before
        FROM {schema}.node_lifecycle_logs l
      ) c
      WHERE (c.before IS NOT NULL AND c.previous_status IS DISTINCT FROM c.before)
         OR (c.event_type = 'registered') <> (c.previous_status IS NULL)
         OR (c.event_type = 'went_offline')
           <> (c.new_status = 'offline' AND c.previous_status <> 'offline')
         OR (c.event_type = 'came_online')
           <> (c.new_status IN ('active', 'error')
               AND COALESCE(c.previous_status IN ('inactive', 'offline'), FALSE))
      """;
  private static final String HEARTBEATS =
      """
      SELECT h.node_id::text AS subject, 'heartbeats of no node: ' || count(*) AS detail
      FROM {schema}.node_heartbeats h
      WHERE NOT EXISTS (SELECT FROM {schema}.nodes n WHERE n.id = h.node_id)
      GROUP BY h.node_id
      """;

  private NodeInvariants() {}

  /** The queries by the names of what they check; each returns subject and detail. */
  public static Map<String, String> queries(Schema schema) {
    Map<String, String> queries = new LinkedHashMap<>();
    queries.put("node-status-logged", schema.render(STATUS));
    queries.put("node-lifecycle-chain", schema.render(CHAIN));
    queries.put("node-heartbeats-owned", schema.render(HEARTBEATS));
    return queries;
  }
}
