package dev.plinth.audit.internal;

import dev.plinth.audit.AuditContext;
import dev.plinth.audit.AuditSession;
import dev.plinth.audit.PageRequest;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Sessions and what happened to them, as appended rows. */
final class SessionRows {
  private static final String OPEN =
      """
      INSERT INTO {schema}.audit_sessions
        (id, tenant_id, user_id, client_ip, user_agent, opened_at, metadata)
      VALUES (?, ?, ?, ?::inet, ?, {now}, ?::jsonb)
      """;

  private static final String APPEND =
      """
      INSERT INTO {schema}.audit_session_events
        (id, tenant_id, session_id, event, reason, recorded_at)
      SELECT ?::uuid, s.tenant_id, s.id, ?::text, ?::text, {now}
      FROM {schema}.audit_sessions s
      WHERE s.id = ?::uuid
        AND (?::text IS NULL OR s.tenant_id = ?)
        AND NOT EXISTS (
          SELECT
          FROM {schema}.audit_session_events e
          WHERE e.session_id = s.id AND e.event = 'ended')
      """;

  private static final String READ =
      """
      SELECT s.id, s.tenant_id, s.user_id, host(s.client_ip) AS client_ip, s.user_agent,
        s.metadata, s.opened_at, t.touched_at, e.recorded_at AS ended_at, e.reason
      FROM {schema}.audit_sessions s
      LEFT JOIN LATERAL (
        SELECT max(x.recorded_at) AS touched_at
        FROM {schema}.audit_session_events x
        WHERE x.session_id = s.id AND x.event = 'touched') t ON true
      LEFT JOIN LATERAL (
        SELECT x.recorded_at, x.reason
        FROM {schema}.audit_session_events x
        WHERE x.session_id = s.id AND x.event = 'ended'
        ORDER BY x.recorded_at, x.id
        LIMIT 1) e ON true
      WHERE (?::text IS NULL OR s.tenant_id = ?)
      """;

  private static final String ONE = READ + "AND s.id = ?";
  private static final String OF_USER =
      READ
          + """
            AND s.user_id = ?
            AND (?::uuid IS NULL OR s.id < ?::uuid)
          ORDER BY s.id DESC
          LIMIT ?
          """;

  private final UuidV7 ids;
  private final KnownPartitions sessions;
  private final KnownPartitions events;
  private final String open;
  private final String append;
  private final String one;
  private final String ofUser;

  SessionRows(Schema schema, UuidV7 ids) {
    this.ids = ids;
    this.sessions = new KnownPartitions(schema.name(), "audit_sessions");
    this.events = new KnownPartitions(schema.name(), "audit_session_events");
    this.open = schema.render(OPEN);
    this.append = schema.render(APPEND);
    this.one = schema.render(ONE);
    this.ofUser = schema.render(OF_USER);
  }

  UUID open(Tx tx, UUID userId, AuditContext context, Json metadata) {
    UUID id = ids.next();
    sessions.require(tx, id);
    Sql.update(
        tx.connection(),
        open,
        id,
        tx.tenantId().orElse(null),
        userId,
        context.clientIp(),
        context.userAgent(),
        metadata);
    return id;
  }

  boolean append(Tx tx, UUID sessionId, String event, @Nullable String reason) {
    UUID id = ids.next();
    String tenant = tx.tenantId().orElse(null);
    events.require(tx, id);
    return Sql.update(tx.connection(), append, id, event, reason, sessionId, tenant, tenant) == 1;
  }

  Optional<AuditSession> find(Tx tx, UUID sessionId) {
    String tenant = tx.tenantId().orElse(null);
    return Sql.first(tx.connection(), one, SessionRows::read, tenant, tenant, sessionId);
  }

  List<AuditSession> ofUser(Tx tx, UUID userId, PageRequest page) {
    String tenant = tx.tenantId().orElse(null);
    return Sql.query(
        tx.connection(),
        ofUser,
        SessionRows::read,
        tenant,
        tenant,
        userId,
        page.after(),
        page.after(),
        page.limit() + 1);
  }

  private static AuditSession read(ResultSet row) throws SQLException {
    return new AuditSession(
        Args.notNull(Sql.uuid(row, "id"), "id"),
        row.getString("tenant_id"),
        Args.notNull(Sql.uuid(row, "user_id"), "user_id"),
        row.getString("client_ip"),
        row.getString("user_agent"),
        Args.notNull(Sql.json(row, "metadata"), "metadata"),
        Args.notNull(Sql.instant(row, "opened_at"), "opened_at"),
        Sql.instant(row, "touched_at"),
        Sql.instant(row, "ended_at"),
        row.getString("reason"));
  }
}
