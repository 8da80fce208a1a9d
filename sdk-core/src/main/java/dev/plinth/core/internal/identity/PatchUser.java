package dev.plinth.core.internal.identity;

import static dev.plinth.core.internal.jooq.Tables.USERS;

import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.identity.User;
import dev.plinth.core.internal.Db;
import dev.plinth.core.internal.json.MergePatch;
import dev.plinth.core.json.Json;
import dev.plinth.core.tx.Tx;
import java.util.UUID;
import org.jooq.Condition;
import org.jooq.JSONB;
import org.jooq.Record;
import org.jooq.TableField;

/** Changes a JSON column by a merge patch, under the row's lock. */
final class PatchUser {
  private final Db db;

  PatchUser(Db db) {
    this.db = db;
  }

  User patch(Tx tx, UUID id, TableField<Record, JSONB> column, Json patch) {
    Condition row =
        UserRows.ofTenant(tx.tenantId()).and(USERS.ID.eq(id)).and(USERS.ERASED_AT.isNull());
    Json stored =
        db.on(tx)
            .select(column)
            .from(USERS)
            .where(row)
            .forNoKeyUpdate()
            .fetchOptional(found -> Json.of(found.get(column).data()))
            .orElseThrow(() -> new UnknownUserException(id));
    return db.on(tx)
        .update(USERS)
        .set(column, UserRows.jsonb(MergePatch.apply(stored, patch)))
        .set(USERS.VERSION, USERS.VERSION.plus(1))
        .where(row)
        .returning(UserRows.COLUMNS)
        .fetchOptional(UserRows::user)
        .orElseThrow(() -> new UnknownUserException(id));
  }
}
