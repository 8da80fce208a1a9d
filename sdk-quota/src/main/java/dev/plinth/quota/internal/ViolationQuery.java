package dev.plinth.quota.internal;

import static dev.plinth.quota.internal.jooq.Tables.QUOTA_VIOLATIONS;

import dev.plinth.core.json.Json;
import dev.plinth.core.tx.Tx;
import dev.plinth.quota.Violation;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.jooq.Condition;
import org.jooq.Record;
import org.jooq.impl.DSL;
import org.jspecify.annotations.Nullable;

/** Pages through a user's violations along the primary key, the newest minute first. */
final class ViolationQuery {
  private final Db db;

  ViolationQuery(Db db) {
    this.db = db;
  }

  List<Violation> run(Tx tx, UUID userId, @Nullable Violation after, int limit) {
    return db.on(tx)
        .selectFrom(QUOTA_VIOLATIONS)
        .where(QUOTA_VIOLATIONS.USER_ID.eq(userId))
        .and(QUOTA_VIOLATIONS.TENANT_ID.isNotDistinctFrom(tx.tenantId().orElse(null)))
        .and(after == null ? DSL.noCondition() : beyond(after))
        .orderBy(QUOTA_VIOLATIONS.MINUTE.desc(), QUOTA_VIOLATIONS.LIMIT_NAME.desc())
        .limit(limit)
        .fetch(ViolationQuery::read);
  }

  private static Condition beyond(Violation after) {
    return DSL.row(QUOTA_VIOLATIONS.MINUTE, QUOTA_VIOLATIONS.LIMIT_NAME)
        .lt(after.minute().atOffset(ZoneOffset.UTC), after.limit());
  }

  private static Violation read(Record row) {
    return new Violation(
        row.get(QUOTA_VIOLATIONS.USER_ID),
        row.get(QUOTA_VIOLATIONS.LIMIT_NAME),
        row.get(QUOTA_VIOLATIONS.MINUTE).toInstant(),
        row.get(QUOTA_VIOLATIONS.DENIALS),
        row.get(QUOTA_VIOLATIONS.FIRST_AT).toInstant(),
        row.get(QUOTA_VIOLATIONS.LAST_AT).toInstant(),
        Json.of(row.get(QUOTA_VIOLATIONS.DETAILS).data()));
  }
}
