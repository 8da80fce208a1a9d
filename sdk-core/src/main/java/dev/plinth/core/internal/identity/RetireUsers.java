package dev.plinth.core.internal.identity;

import static dev.plinth.core.internal.jooq.Tables.USERS;

import dev.plinth.core.event.Events;
import dev.plinth.core.identity.MergedUserException;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.identity.User;
import dev.plinth.core.identity.UserErased;
import dev.plinth.core.identity.UsersMerged;
import dev.plinth.core.internal.Db;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.tx.Tx;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.JSONB;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;

/**
 * Merges and erases. Both begin by locking rows of {@code users} FOR UPDATE, in ascending order of
 * id: that waits for every transaction which has written a row that refers to one of them, since
 * those hold FOR KEY SHARE, and keeps others from writing one until this transaction has ended.
 */
final class RetireUsers {
  private static final String DEFAULT_ROLE = "user";
  private static final String DEFAULT_PROVIDER = "local";

  private final Db db;
  private final Events events;
  private final AllModules allModules;
  private final Field<OffsetDateTime> now;

  RetireUsers(Db db, Schema schema, Events events, AllModules allModules) {
    this.db = db;
    this.events = events;
    this.allModules = allModules;
    this.now = DSL.field(schema.now(), SQLDataType.TIMESTAMPWITHTIMEZONE);
  }

  User merge(Tx tx, UUID from, UUID into) {
    List<User> both = lock(tx, USERS.ID.in(from, into));
    User given = present(both, from);
    User taker = present(both, into);
    if (into.equals(given.mergedInto())) {
      return taker;
    }
    refuseMerged(taker);
    refuseMerged(given);
    allModules.require(tx);
    // Locked too, so that whoever waits for one of them finds where it leads now.
    lock(tx, USERS.MERGED_INTO.eq(from));
    db.on(tx)
        .update(USERS)
        .set(USERS.IS_ACTIVE, false)
        .set(USERS.DEACTIVATED_AT, DSL.coalesce(USERS.DEACTIVATED_AT, now))
        .set(USERS.MERGED_INTO, into)
        .set(USERS.VERSION, USERS.VERSION.plus(1))
        .where(USERS.ID.eq(from).or(USERS.MERGED_INTO.eq(from)))
        .execute();
    events.publish(tx, new UsersMerged(from, into));
    return taker;
  }

  boolean erase(Tx tx, UUID id) {
    List<User> rows = lock(tx, USERS.ID.eq(id).or(USERS.MERGED_INTO.eq(id)));
    List<UUID> due = rows.stream().filter(user -> user.erasedAt() == null).map(User::id).toList();
    if (!due.contains(id)) {
      return false;
    }
    allModules.require(tx);
    // Before the row itself: what a module removes may be found by what stands in it.
    due.forEach(user -> events.publish(tx, new UserErased(user)));
    db.on(tx)
        .update(USERS)
        .setNull(USERS.EXTERNAL_ID)
        .setNull(USERS.EMAIL)
        .setNull(USERS.USERNAME)
        .setNull(USERS.FULL_NAME)
        .setNull(USERS.PICTURE)
        .setNull(USERS.PASSWORD_HASH)
        .setNull(USERS.LAST_LOGIN_AT)
        .set(USERS.ROLE, DEFAULT_ROLE)
        .set(USERS.ROLE_OVERRIDE, false)
        .set(USERS.AUTH_PROVIDER, DEFAULT_PROVIDER)
        .set(USERS.SETTINGS, JSONB.jsonb("{}"))
        .set(USERS.METADATA, JSONB.jsonb("{}"))
        .set(USERS.IS_ACTIVE, false)
        .set(USERS.IS_VERIFIED, false)
        .set(USERS.DEACTIVATED_AT, DSL.coalesce(USERS.DEACTIVATED_AT, now))
        .set(USERS.ERASED_AT, now)
        .set(USERS.VERSION, USERS.VERSION.plus(1))
        .where(USERS.ID.in(due))
        .execute();
    return true;
  }

  private List<User> lock(Tx tx, Condition which) {
    return db.on(tx)
        .select(UserRows.COLUMNS)
        .from(USERS)
        .where(UserRows.ofTenant(tx.tenantId()), which)
        .orderBy(USERS.ID)
        .forUpdate()
        .fetch(UserRows::user);
  }

  private static User present(List<User> users, UUID id) {
    return users.stream()
        .filter(user -> user.id().equals(id) && user.erasedAt() == null)
        .findFirst()
        .orElseThrow(() -> new UnknownUserException(id));
  }

  private static void refuseMerged(User user) {
    UUID taker = user.mergedInto();
    if (taker != null) {
      throw new MergedUserException(user.id(), taker);
    }
  }
}
