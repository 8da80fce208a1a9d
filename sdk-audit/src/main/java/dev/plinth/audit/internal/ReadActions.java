package dev.plinth.audit.internal;

import static dev.plinth.audit.internal.jooq.Tables.AUDIT_ACTIONS;

import dev.plinth.audit.AuditEntry;
import dev.plinth.audit.AuditQuery;
import dev.plinth.audit.PageRequest;
import dev.plinth.audit.Severity;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.tx.Tx;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jooq.Condition;
import org.jooq.Field;
import org.jspecify.annotations.Nullable;

/** Reads records, newest first, by the ids that pages and months are cut by. */
final class ReadActions {
  private final Db db;

  ReadActions(Schema schema) {
    this.db = new Db(schema);
  }

  Optional<AuditEntry> one(Tx tx, UUID id) {
    List<Condition> conditions = new ArrayList<>();
    conditions.add(AUDIT_ACTIONS.ID.eq(id));
    tx.tenantId().map(AUDIT_ACTIONS.TENANT_ID::eq).ifPresent(conditions::add);
    return select(tx, conditions, 1).stream().findFirst();
  }

  /** One row more than the page holds, if there are that many. */
  List<AuditEntry> page(Tx tx, AuditQuery query, PageRequest page) {
    List<Condition> conditions = conditions(query, Tenants.of(tx, query.tenant()));
    add(conditions, AUDIT_ACTIONS.ID::lt, page.after());
    return select(tx, conditions, page.limit() + 1);
  }

  private List<AuditEntry> select(Tx tx, List<Condition> conditions, int limit) {
    return db.on(tx)
        .select(EntryRow.FIELDS)
        .from(AUDIT_ACTIONS)
        .where(conditions)
        .orderBy(AUDIT_ACTIONS.ID.desc())
        .limit(limit)
        .fetch(EntryRow::entry);
  }

  private static List<Condition> conditions(AuditQuery query, @Nullable String tenant) {
    List<Condition> all = new ArrayList<>();
    add(all, AUDIT_ACTIONS.TENANT_ID::eq, tenant);
    add(all, AUDIT_ACTIONS.ACTION::eq, query.action());
    add(all, AUDIT_ACTIONS.CATEGORY::eq, query.category());
    add(all, AUDIT_ACTIONS.RESOURCE_TYPE::eq, query.resourceType());
    add(all, AUDIT_ACTIONS.RESOURCE_ID::eq, query.resourceId());
    add(all, AUDIT_ACTIONS.ACTOR_ID::eq, query.actorId());
    add(all, AUDIT_ACTIONS.SESSION_ID::eq, query.sessionId());
    add(all, outcome -> oneOf(AUDIT_ACTIONS.OUTCOME, List.of(outcome)), query.outcome());
    add(all, least -> oneOf(AUDIT_ACTIONS.SEVERITY, from(least)), query.atLeast());
    add(all, time -> AUDIT_ACTIONS.ID.ge(UuidV7.lowerBound(time)), query.from());
    add(all, time -> AUDIT_ACTIONS.ID.lt(UuidV7.lowerBound(time)), query.until());
    return all;
  }

  private static <T> void add(
      List<Condition> conditions, Function<T, Condition> condition, @Nullable T value) {
    if (value != null) {
      conditions.add(condition.apply(value));
    }
  }

  private static Condition oneOf(Field<String> column, List<? extends Enum<?>> values) {
    return column.in(values.stream().map(value -> value.name().toLowerCase(Locale.ROOT)).toList());
  }

  private static List<Severity> from(Severity least) {
    return Arrays.stream(Severity.values()).filter(s -> s.compareTo(least) >= 0).toList();
  }
}
