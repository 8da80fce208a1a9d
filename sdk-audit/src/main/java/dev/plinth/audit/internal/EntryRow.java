package dev.plinth.audit.internal;

import static dev.plinth.audit.internal.jooq.Tables.AUDIT_ACTIONS;

import dev.plinth.audit.Action;
import dev.plinth.audit.AuditContext;
import dev.plinth.audit.AuditEntry;
import dev.plinth.audit.Outcome;
import dev.plinth.audit.Resource;
import dev.plinth.audit.Severity;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jooq.Field;
import org.jooq.JSONB;
import org.jooq.Record;
import org.jooq.impl.DSL;
import org.jspecify.annotations.Nullable;

/** Makes an entry of its row. */
final class EntryRow {
  /** {@code host} leaves out the length of the network, which {@code inet} would show. */
  private static final Field<String> CLIENT_IP =
      DSL.field(
              "host({0})",
              String.class, DSL.field(AUDIT_ACTIONS.getQualifiedName().append("client_ip")))
          .as("client_ip");

  static final List<Field<?>> FIELDS =
      List.of(
          AUDIT_ACTIONS.ID,
          AUDIT_ACTIONS.TENANT_ID,
          AUDIT_ACTIONS.ACTION,
          AUDIT_ACTIONS.CATEGORY,
          AUDIT_ACTIONS.OUTCOME,
          AUDIT_ACTIONS.SEVERITY,
          AUDIT_ACTIONS.ACTOR_TYPE,
          AUDIT_ACTIONS.ACTOR_ID,
          AUDIT_ACTIONS.ACTOR_NAME,
          AUDIT_ACTIONS.ACTOR_EMAIL,
          AUDIT_ACTIONS.ACTOR_ROLE,
          AUDIT_ACTIONS.ON_BEHALF_OF,
          AUDIT_ACTIONS.RESOURCE_TYPE,
          AUDIT_ACTIONS.RESOURCE_ID,
          AUDIT_ACTIONS.RESOURCE_NAME,
          AUDIT_ACTIONS.SESSION_ID,
          CLIENT_IP,
          AUDIT_ACTIONS.USER_AGENT,
          AUDIT_ACTIONS.REQUEST_ID,
          AUDIT_ACTIONS.TRACE_ID,
          AUDIT_ACTIONS.OCCURRED_AT,
          AUDIT_ACTIONS.RECORDED_AT,
          AUDIT_ACTIONS.BEFORE,
          AUDIT_ACTIONS.AFTER,
          AUDIT_ACTIONS.METADATA,
          AUDIT_ACTIONS.IS_CUT);

  private EntryRow() {}

  static AuditEntry entry(Record row) {
    UUID id = row.get(AUDIT_ACTIONS.ID);
    Instant occurredAt = row.get(AUDIT_ACTIONS.OCCURRED_AT).toInstant();
    Action action =
        new Action(
            row.get(AUDIT_ACTIONS.ACTION),
            id,
            row.get(AUDIT_ACTIONS.CATEGORY),
            Outcome.valueOf(row.get(AUDIT_ACTIONS.OUTCOME).toUpperCase(Locale.ROOT)),
            Severity.valueOf(row.get(AUDIT_ACTIONS.SEVERITY).toUpperCase(Locale.ROOT)),
            resource(row),
            json(row.get(AUDIT_ACTIONS.BEFORE)),
            json(row.get(AUDIT_ACTIONS.AFTER)),
            Args.notNull(json(row.get(AUDIT_ACTIONS.METADATA)), "metadata"),
            occurredAt,
            row.get(AUDIT_ACTIONS.TENANT_ID),
            context(row));
    return new AuditEntry(
        id,
        action,
        occurredAt,
        row.get(AUDIT_ACTIONS.RECORDED_AT).toInstant(),
        row.get(AUDIT_ACTIONS.IS_CUT));
  }

  private static @Nullable Resource resource(Record row) {
    String type = row.get(AUDIT_ACTIONS.RESOURCE_TYPE);
    return type == null
        ? null
        : new Resource(
            type, row.get(AUDIT_ACTIONS.RESOURCE_ID), row.get(AUDIT_ACTIONS.RESOURCE_NAME));
  }

  private static AuditContext context(Record row) {
    ActorColumns actor =
        new ActorColumns(
            row.get(AUDIT_ACTIONS.ACTOR_TYPE),
            row.get(AUDIT_ACTIONS.ACTOR_ID),
            row.get(AUDIT_ACTIONS.ACTOR_NAME),
            row.get(AUDIT_ACTIONS.ACTOR_EMAIL),
            row.get(AUDIT_ACTIONS.ACTOR_ROLE),
            row.get(AUDIT_ACTIONS.ON_BEHALF_OF));
    return new AuditContext(
        actor.actor(),
        row.get(AUDIT_ACTIONS.SESSION_ID),
        row.get(CLIENT_IP),
        row.get(AUDIT_ACTIONS.USER_AGENT),
        row.get(AUDIT_ACTIONS.REQUEST_ID),
        row.get(AUDIT_ACTIONS.TRACE_ID));
  }

  private static @Nullable Json json(@Nullable JSONB document) {
    return document == null ? null : Json.of(document.data());
  }
}
