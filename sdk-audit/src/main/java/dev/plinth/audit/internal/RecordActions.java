package dev.plinth.audit.internal;

import dev.plinth.audit.Action;
import dev.plinth.audit.AuditContext;
import dev.plinth.audit.ImplausibleIdException;
import dev.plinth.audit.Resource;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Writes records: one statement each, several in one round trip. */
final class RecordActions {
  static final String TABLE = "audit_actions";

  /**
   * The condition keeps ids of the wrong time out without failing, which would abort the host's
   * transaction. Whether no row means that or a retry is asked afterwards, in the rare case.
   */
  private static final String INSERT =
      """
      INSERT INTO {schema}.audit_actions (
        id, tenant_id, action, category, outcome, severity,
        actor_type, actor_id, actor_name, actor_email, actor_role, on_behalf_of,
        resource_type, resource_id, resource_name,
        session_id, client_ip, user_agent, request_id, trace_id,
        occurred_at, recorded_at, before, after, metadata, is_cut)
      SELECT
        ?::uuid, ?::text, ?::text, ?::text, ?::text, ?::text,
        ?::text, ?::uuid, ?::text, ?::text, ?::text, ?::uuid,
        ?::text, ?::text, ?::text,
        ?::uuid, ?::inet, ?::text, ?::text, ?::text,
        coalesce(?::timestamptz, {now}), {now}, ?::jsonb, ?::jsonb, ?::jsonb, ?::boolean
      WHERE ?::timestamptz BETWEEN {now} - interval '7 days' AND {now} + interval '1 hour'
      ON CONFLICT (id) DO NOTHING
      """;

  private static final String WHY =
      """
      SELECT
        {now} AS now,
        ?::timestamptz BETWEEN {now} - interval '7 days' AND {now} + interval '1 hour'
          OR EXISTS (SELECT FROM {schema}.audit_actions WHERE id = ?) AS plausible
      """;

  private final UuidV7 ids;
  private final KnownPartitions partitions;
  private final String insert;
  private final String why;

  RecordActions(Schema schema, UuidV7 ids) {
    this.ids = ids;
    this.partitions = new KnownPartitions(schema.name(), TABLE);
    this.insert = schema.render(INSERT);
    this.why = schema.render(WHY);
  }

  UUID one(Tx tx, Action action) {
    UUID id = id(action);
    @Nullable Object[] row = row(tx, id, action);
    requirePlace(tx, id);
    if (Sql.update(tx.connection(), insert, row) == 0) {
      requirePlausible(tx, id);
    }
    return id;
  }

  List<UUID> all(Tx tx, List<Action> actions) {
    List<UUID> given = new ArrayList<>(actions.size());
    List<@Nullable Object[]> rows = new ArrayList<>(actions.size());
    for (Action action : actions) {
      UUID id = id(action);
      given.add(id);
      rows.add(row(tx, id, action));
    }
    given.forEach(id -> requirePlace(tx, id));
    int[] written = Sql.batch(tx.connection(), insert, rows);
    for (int i = 0; i < written.length; i++) {
      if (written[i] == 0) {
        requirePlausible(tx, given.get(i));
      }
    }
    return List.copyOf(given);
  }

  private UUID id(Action action) {
    UUID given = action.id();
    return given == null ? ids.next() : given;
  }

  private void requirePlace(Tx tx, UUID id) {
    if (!partitions.take(tx, id)) {
      requirePlausible(tx, id);
      throw partitions.missing(id);
    }
  }

  /** No row was written: fine for a retry, however late, and refused for an id of another time. */
  private void requirePlausible(Tx tx, UUID id) {
    record Answer(@Nullable Instant now, boolean plausible) {}
    Answer answer =
        Sql.first(
                tx.connection(),
                why,
                row -> new Answer(Sql.instant(row, "now"), row.getBoolean("plausible")),
                UuidV7.instant(id),
                id)
            .orElseThrow();
    if (!answer.plausible()) {
      throw new ImplausibleIdException(
          id,
          "The id "
              + id
              + " was minted at "
              + UuidV7.instant(id)
              + ", but the database's clock says "
              + answer.now()
              + ": ids from seven days ago to an hour ahead are taken. Set this machine's clock, or"
              + " record it under a new id with occurredAt(…)");
    }
  }

  private static @Nullable Object[] row(Tx tx, UUID id, Action action) {
    AuditContext context = action.context();
    ActorColumns actor = ActorColumns.of(Args.notNull(context.actor(), "actor"));
    Resource resource = action.resource();
    Documents documents = Documents.of(action);
    return new @Nullable Object[] {
      id,
      Tenants.of(tx, action.tenant()),
      action.name(),
      action.category(),
      action.outcome(),
      action.severity(),
      actor.type(),
      actor.id(),
      actor.name(),
      actor.email(),
      actor.role(),
      actor.onBehalfOf(),
      resource == null ? null : resource.type(),
      resource == null ? null : resource.id(),
      resource == null ? null : resource.name(),
      context.sessionId(),
      context.clientIp(),
      context.userAgent(),
      context.requestId(),
      context.traceId(),
      action.occurredAt(),
      documents.before(),
      documents.after(),
      documents.metadata(),
      documents.isCut(),
      UuidV7.instant(id)
    };
  }
}
