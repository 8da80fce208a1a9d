package dev.plinth.core.internal.identity;

import static dev.plinth.core.internal.jooq.Tables.ROLES;
import static dev.plinth.core.internal.jooq.Tables.USERS;

import dev.plinth.core.access.UnknownRoleException;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.User;
import dev.plinth.core.identity.UserFilter;
import dev.plinth.core.internal.Db;
import dev.plinth.core.tx.Tx;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jooq.Condition;
import org.jooq.impl.DSL;
import org.jspecify.annotations.Nullable;

/** Reads users of the transaction's tenant. */
final class FindUsers {
  private final Db db;

  FindUsers(Db db) {
    this.db = db;
  }

  Optional<User> one(Tx tx, Condition condition) {
    return db.on(tx)
        .select(UserRows.COLUMNS)
        .from(USERS)
        .where(UserRows.ofTenant(tx.tenantId()), condition)
        .fetchOptional(UserRows::user);
  }

  /** The same, but a user who was merged is found as the one who took over. */
  Optional<User> living(Tx tx, Condition condition) {
    Optional<User> found = one(tx, condition);
    UUID taker = found.map(User::mergedInto).orElse(null);
    return taker == null ? found : one(tx, USERS.ID.eq(taker));
  }

  /** By the first of external id, address and name that the given user has. */
  Optional<User> like(Tx tx, NewUser user) {
    if (user.externalId() != null) {
      return living(tx, USERS.EXTERNAL_ID.eq(user.externalId()));
    }
    return user.email() != null
        ? living(tx, UserRows.withEmail(user.email()))
        : living(tx, USERS.USERNAME.eq(user.username()));
  }

  List<User> page(Tx tx, UserFilter filter, @Nullable UUID after, int limit) {
    return db.on(tx)
        .select(UserRows.COLUMNS)
        .from(USERS)
        .where(UserRows.ofTenant(tx.tenantId()))
        .and(after == null ? DSL.noCondition() : USERS.ID.gt(after))
        .and(matching(filter))
        .orderBy(DSL.coalesce(USERS.TENANT_ID, DSL.inline("")), USERS.ID)
        .limit(limit)
        .fetch(UserRows::user);
  }

  private static Condition matching(UserFilter filter) {
    Boolean active = filter.active();
    String role = filter.role();
    OffsetDateTime from = UserRows.time(filter.createdFrom());
    OffsetDateTime before = UserRows.time(filter.createdBefore());
    return DSL.and(
        active == null ? DSL.noCondition() : USERS.IS_ACTIVE.eq(active),
        role == null ? DSL.noCondition() : USERS.ROLE.eq(role),
        from == null ? DSL.noCondition() : USERS.CREATED_AT.ge(from),
        before == null ? DSL.noCondition() : USERS.CREATED_AT.lt(before),
        filter.retired()
            ? DSL.noCondition()
            : USERS.MERGED_INTO.isNull().and(USERS.ERASED_AT.isNull()));
  }

  /**
   * Which field of these another user has, in the order external id, address, name; empty when none
   * can be seen. Names are unique in the installation, so another tenant's counts too.
   */
  Optional<String> taken(
      Tx tx,
      @Nullable UUID except,
      @Nullable String externalId,
      @Nullable String email,
      @Nullable String username) {
    if (externalId != null
        && exists(tx, except, UserRows.ofTenant(tx.tenantId()), USERS.EXTERNAL_ID.eq(externalId))) {
      return Optional.of("externalId");
    }
    if (email != null
        && exists(tx, except, UserRows.ofTenant(tx.tenantId()), UserRows.withEmail(email))) {
      return Optional.of("email");
    }
    return username != null && exists(tx, except, USERS.USERNAME.eq(username))
        ? Optional.of("username")
        : Optional.empty();
  }

  /** Throws when the role is not defined. */
  void requireRole(Tx tx, String role) {
    if (!db.on(tx).fetchExists(DSL.selectOne().from(ROLES).where(ROLES.NAME.eq(role)))) {
      throw new UnknownRoleException(role);
    }
  }

  private boolean exists(Tx tx, @Nullable UUID except, Condition... conditions) {
    return db.on(tx)
        .fetchExists(
            DSL.selectOne()
                .from(USERS)
                .where(conditions)
                .and(except == null ? DSL.noCondition() : USERS.ID.ne(except)));
  }
}
