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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.JSONB;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;

/**
 * Merges and erases. Both begin by locking rows of {@code users} FOR UPDATE, in ascending order of
 * id: that waits for every transaction which has written a row that refers to one of them, since
 * those hold FOR KEY SHARE, and keeps others from writing one until this transaction has ended.
 *
 * <p>The statements that follow must see what was waited for, so both insist on READ COMMITTED: in
 * a stricter transaction the snapshot may be older than a row that was written under FOR KEY SHARE,
 * which PostgreSQL takes for no conflict, and the row would be left behind.
 */
final class RetireUsers {
  private static final String DEFAULT_ROLE = "user";
  private static final String DEFAULT_PROVIDER = "local";

  private final Db db;
  private final Events events;
  private final AllModules allModules;
  private final BiConsumer<Tx, UUID> endAccess;
  private final Field<OffsetDateTime> now;

  /** The last ends what a user can come in with. */
  RetireUsers(
      Db db, Schema schema, Events events, AllModules allModules, BiConsumer<Tx, UUID> endAccess) {
    this.db = db;
    this.events = events;
    this.allModules = allModules;
    this.endAccess = endAccess;
    this.now = DSL.field(schema.now(), SQLDataType.TIMESTAMPWITHTIMEZONE);
  }

  User merge(Tx tx, UUID from, UUID into) {
    EachStatementSeesTheLatest.require(tx);
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
    if (!given.isActive()) {
      // Refused while the user is inactive, it would be good again as the other's.
      endAccess.accept(tx, from);
    }
    db.on(tx)
        .update(USERS)
        .set(USERS.IS_ACTIVE, false)
        .set(USERS.DEACTIVATED_AT, DSL.coalesce(USERS.DEACTIVATED_AT, now))
        .set(USERS.MERGED_INTO, into)
        .set(USERS.VERSION, USERS.VERSION.plus(1))
        .where(USERS.ID.eq(from).or(USERS.MERGED_INTO.eq(from)))
        .execute();
    // A new version of the taker's row, so that a snapshot of before cannot write it unawares.
    User now =
        db.on(tx)
            .update(USERS)
            .set(USERS.VERSION, USERS.VERSION.plus(1))
            .where(USERS.ID.eq(into))
            .returning(UserRows.COLUMNS)
            .fetchSingle(UserRows::user);
    events.publish(tx, new UsersMerged(from, into));
    return now;
  }

  boolean erase(Tx tx, UUID id) {
    EachStatementSeesTheLatest.require(tx);
    List<User> rows = lock(tx, USERS.ID.eq(id).or(USERS.MERGED_INTO.eq(id)));
    // Again, now that nobody can be merged into this one: the first statement may have waited for
    // a merge that it could not see.
    List<User> merged = lock(tx, USERS.MERGED_INTO.eq(id));
    Set<UUID> due = new LinkedHashSet<>();
    Stream.concat(rows.stream(), merged.stream())
        .filter(user -> user.erasedAt() == null)
        .forEach(user -> due.add(user.id()));
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
