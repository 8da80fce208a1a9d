package dev.plinth.jobs.internal.node;

import dev.plinth.core.event.Events;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.node.NodeCameOnline;
import dev.plinth.jobs.node.NodeHeartbeat;
import dev.plinth.jobs.node.NodeId;
import dev.plinth.jobs.node.NodeStatus;
import dev.plinth.jobs.node.NodeWentOffline;
import dev.plinth.jobs.node.StatusChange;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What moves a node's status: a heartbeat, the lack of one, or somebody. One statement each: it
 * locks the node's row, judges by what it finds there, writes the log if anything changes, and the
 * row. So of two who would move it one comes after the other, and sees what that one did.
 */
final class Transitions {
  private static final String MOVE =
      """
      WITH node AS MATERIALIZED (
        SELECT n.id, n.tenant_id, n.name, n.region, n.status, n.switched_off, n.last_heartbeat,
               {next} AS next, {off} AS off
        FROM {schema}.nodes n
        WHERE n.id = ?
          AND {which}
        FOR NO KEY UPDATE{skip}
      ), moved AS MATERIALIZED (
        SELECT n.*,
               CASE
                 WHEN (n.next, n.off) = (n.status, n.switched_off) THEN NULL
                 WHEN n.next = 'offline' THEN 'went_offline'
                 WHEN n.next IN ('active', 'error') AND n.status IN ('inactive', 'offline')
                   THEN 'came_online'
                 ELSE 'status_changed'
               END AS kind
        FROM node n
      ), logged AS (
        INSERT INTO {schema}.node_lifecycle_logs
          (tenant_id, node_id, event_type, previous_status, new_status, reason, triggered_by,
           extra_data, created_at)
        SELECT m.tenant_id, m.id, m.kind, m.status, m.next, ?::text, ?::text, {extra}, {now}
        FROM moved m
        WHERE m.kind IS NOT NULL
      ), changed AS (
        UPDATE {schema}.nodes n
        SET status = m.next,
            switched_off = m.off,
            status_since = CASE WHEN m.next = m.status THEN n.status_since ELSE {now} END{also}
        FROM moved m
        WHERE n.id = m.id
      ){beat}
      SELECT m.id, m.name, m.region, m.status, m.next, m.last_heartbeat, m.kind
      FROM moved m
      """;

  private static final String BEAT =
      """
      , beat AS (
        INSERT INTO {schema}.node_heartbeats
          (id, tenant_id, node_id, config_hash, status, error_message, metrics, created_at)
        SELECT ?::uuid, m.tenant_id, m.id, ?::text, ?::text, ?::text, ?::jsonb, {now}
        FROM moved m
      )
      """;

  /** Tells who is silent for too long; who was switched off or is offline already is not asked. */
  static final String IS_SILENT =
      """
      n.status IN ('active', 'error')
          AND GREATEST(n.last_heartbeat, n.status_since)
            < {now} - make_interval(secs => ?::double precision)
      """;

  private final UuidV7 ids;
  private final Events events;
  private final String heartbeat;
  private final String byHand;
  private final String silence;

  Transitions(Schema schema, UuidV7 ids, Events events) {
    this.ids = ids;
    this.events = events;
    this.heartbeat =
        schema.render(
            MOVE.replace(
                    "{next}",
                    "CASE WHEN n.switched_off THEN 'inactive' WHEN ?::boolean THEN 'error'"
                        + " ELSE 'active' END")
                .replace("{off}", "n.switched_off")
                .replace("{which}", NodeRows.TENANT)
                .replace("{skip}", "")
                .replace("{extra}", "NULL::jsonb")
                .replace(
                    "{also}",
                    """
                    ,
                          last_heartbeat = GREATEST(n.last_heartbeat, {now}),
                          config_hash = COALESCE(?::text, n.config_hash),
                          instance_id = COALESCE(?::uuid, n.instance_id)\
                    """)
                .replace("{beat}", BEAT));
    this.byHand =
        schema.render(
            MOVE.replace("{next}", "?::text")
                .replace("{off}", "?::text = 'inactive'")
                .replace("{which}", NodeRows.TENANT)
                .replace("{skip}", "")
                .replace("{extra}", "?::jsonb")
                .replace("{also}", "")
                .replace("{beat}", ""));
    this.silence =
        schema.render(
            MOVE.replace("{next}", "'offline'")
                .replace("{off}", "FALSE")
                .replace("{which}", IS_SILENT)
                .replace("{skip}", " SKIP LOCKED")
                .replace("{extra}", "jsonb_build_object('lastHeartbeat', m.last_heartbeat)")
                .replace("{also}", "")
                .replace("{beat}", ""));
  }

  /** What became of a node; no kind when nothing changed. */
  private record Moved(
      NodeId id,
      String name,
      String region,
      NodeStatus previous,
      NodeStatus next,
      @Nullable Instant lastHeartbeat,
      @Nullable String kind) {}

  /** The status after it; empty when there is no such node. */
  Optional<NodeStatus> heartbeat(Tx tx, NodeId id, NodeHeartbeat beat) {
    String tenant = tx.tenantId().orElse(null);
    return move(
        tx,
        "heartbeat",
        heartbeat,
        beat.errorMessage() != null,
        id.value(),
        tenant,
        tenant,
        beat.errorMessage(),
        "heartbeat",
        beat.configHash(),
        beat.instanceId(),
        ids.next(),
        beat.configHash(),
        beat.status(),
        beat.errorMessage(),
        beat.metrics());
  }

  /** The status after it; empty when there is no such node. */
  Optional<NodeStatus> byHand(Tx tx, NodeId id, NodeStatus status, StatusChange why) {
    String tenant = tx.tenantId().orElse(null);
    Json extra = why.extraData();
    return move(
        tx,
        why.triggeredBy(),
        byHand,
        status,
        status,
        id.value(),
        tenant,
        tenant,
        why.reason(),
        why.triggeredBy(),
        extra);
  }

  /** Offline, if it is silent for longer than the bound and nobody is at it; else empty. */
  Optional<NodeStatus> silence(Tx tx, NodeId id, Duration bound) {
    return move(
        tx,
        "system",
        silence,
        id.value(),
        bound,
        "No heartbeat for more than " + bound.toSeconds() + " seconds",
        "system");
  }

  private Optional<NodeStatus> move(
      Tx tx, String triggeredBy, String sql, @Nullable Object... parameters) {
    Optional<Moved> moved = Sql.first(tx.connection(), sql, Transitions::moved, parameters);
    moved.ifPresent(node -> announce(tx, node, triggeredBy));
    return moved.map(Moved::next);
  }

  private void announce(Tx tx, Moved node, String triggeredBy) {
    if ("came_online".equals(node.kind())) {
      events.publish(
          tx,
          new NodeCameOnline(
              node.id(), node.name(), node.region(), node.previous(), node.next(), triggeredBy));
    } else if ("went_offline".equals(node.kind())) {
      events.publish(
          tx,
          new NodeWentOffline(
              node.id(),
              node.name(),
              node.region(),
              node.previous(),
              node.lastHeartbeat(),
              triggeredBy));
    }
  }

  private static Moved moved(ResultSet row) throws SQLException {
    return new Moved(
        NodeRows.id(row, "id"),
        row.getString("name"),
        row.getString("region"),
        NodeRows.status(row, "status"),
        NodeRows.status(row, "next"),
        Sql.instant(row, "last_heartbeat"),
        row.getString("kind"));
  }
}
