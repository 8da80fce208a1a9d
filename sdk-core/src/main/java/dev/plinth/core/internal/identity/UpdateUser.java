package dev.plinth.core.internal.identity;

import static dev.plinth.core.internal.jooq.Tables.ROLES;
import static dev.plinth.core.internal.jooq.Tables.USERS;

import dev.plinth.core.identity.DuplicateUserException;
import dev.plinth.core.identity.MergedUserException;
import dev.plinth.core.identity.StaleUserException;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.identity.User;
import dev.plinth.core.internal.Db;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.tx.Tx;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.Record;
import org.jooq.Table;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;
import org.jspecify.annotations.Nullable;

/**
 * Changes users. An update that keeps address and name is one statement. UPDATE has no ON CONFLICT,
 * so one that changes them looks for collisions first, and guards what a race can still do with a
 * savepoint; without it, the loser's transaction, often the host's, would be aborted.
 */
final class UpdateUser {
  private static final Table<Record> BEFORE = USERS.as("before");

  /** RETURNING tells the new row; the statement's snapshot still has the old one. */
  private static final Field<String> ROLE_BEFORE =
      DSL.field(
              DSL.select(BEFORE.field(USERS.ROLE))
                  .from(BEFORE)
                  .where(BEFORE.field(USERS.ID).eq(USERS.ID)))
          .as("role_before");

  private static final List<Field<?>> RETURNED =
      Stream.concat(UserRows.COLUMNS.stream(), Stream.of(ROLE_BEFORE)).toList();

  private final Db db;
  private final FindUsers find;
  private final Field<OffsetDateTime> now;

  UpdateUser(Db db, Schema schema, FindUsers find) {
    this.db = db;
    this.find = find;
    this.now = DSL.field(schema.now(), SQLDataType.TIMESTAMPWITHTIMEZONE);
  }

  /**
   * A user as written.
   *
   * @param roleBefore the primary role until then
   */
  record Updated(User user, String roleBefore) {}

  Updated update(Tx tx, User user) {
    return write(tx, user, sameIdentity(user)).orElseGet(() -> changeIdentity(tx, user));
  }

  boolean deactivate(Tx tx, UUID id) {
    return db.on(tx)
            .update(USERS)
            .set(USERS.IS_ACTIVE, false)
            .set(USERS.DEACTIVATED_AT, now)
            .set(USERS.VERSION, USERS.VERSION.plus(1))
            .where(UserRows.ofTenant(tx.tenantId()), USERS.ID.eq(id), USERS.IS_ACTIVE.isTrue())
            .execute()
        == 1;
  }

  boolean reactivate(Tx tx, UUID id) {
    boolean changed =
        db.on(tx)
                .update(USERS)
                .set(USERS.IS_ACTIVE, true)
                .setNull(USERS.DEACTIVATED_AT)
                .set(USERS.VERSION, USERS.VERSION.plus(1))
                .where(UserRows.ofTenant(tx.tenantId()), USERS.ID.eq(id))
                .and(USERS.IS_ACTIVE.isFalse())
                .and(USERS.MERGED_INTO.isNull())
                .and(USERS.ERASED_AT.isNull())
                .execute()
            == 1;
    if (!changed) {
      User user =
          find.one(tx, USERS.ID.eq(id))
              .filter(found -> found.erasedAt() == null)
              .orElseThrow(() -> new UnknownUserException(id));
      UUID taker = user.mergedInto();
      if (taker != null) {
        throw new MergedUserException(id, taker);
      }
    }
    return changed;
  }

  private Updated changeIdentity(Tx tx, User user) {
    User stored =
        find.one(tx, USERS.ID.eq(user.id()))
            .filter(found -> found.version() == user.version())
            .orElseThrow(() -> new StaleUserException(user.id(), user.version()));
    Args.check(
        user.email() != null || user.username() != null || stored.externalId() != null,
        "email or username must be given for a user without externalId");
    find.requireRole(tx, user.role());
    refuseTaken(tx, user);
    return Guarded.run(
            tx,
            () -> write(tx, user, DSL.noCondition()),
            refusal -> {
              if (!refusal.sqlState().filter(SqlStates.UNIQUE_VIOLATION::equals).isPresent()) {
                return refusal;
              }
              refuseTaken(tx, user);
              return new DuplicateUserException(
                  Objects.equals(user.username(), stored.username()) ? "email" : "username");
            })
        .orElseThrow(
            () -> {
              find.requireRole(tx, user.role());
              return new StaleUserException(user.id(), user.version());
            });
  }

  private void refuseTaken(Tx tx, User user) {
    find.taken(tx, user.id(), null, user.email(), user.username())
        .ifPresent(
            field -> {
              throw new DuplicateUserException(field);
            });
  }

  private Optional<Updated> write(Tx tx, User user, Condition condition) {
    return db.on(tx)
        .update(USERS)
        .set(USERS.EMAIL, user.email())
        .set(USERS.USERNAME, user.username())
        .set(USERS.FULL_NAME, user.fullName())
        .set(USERS.PICTURE, user.picture())
        .set(USERS.ROLE, user.role())
        .set(USERS.AUTH_PROVIDER, user.authProvider())
        .set(USERS.IS_VERIFIED, user.isVerified())
        .set(USERS.LAST_LOGIN_AT, UserRows.time(user.lastLoginAt()))
        .set(USERS.SETTINGS, UserRows.jsonb(user.settings()))
        .set(USERS.METADATA, UserRows.jsonb(user.metadata()))
        .set(USERS.VERSION, USERS.VERSION.plus(1))
        .where(
            UserRows.ofTenant(tx.tenantId()),
            USERS.ID.eq(user.id()),
            USERS.VERSION.eq(user.version()),
            USERS.ROLE.eq(user.role()).or(isDefined(user.role())),
            USERS.ERASED_AT.isNull(),
            condition)
        .returningResult(RETURNED)
        .fetchOptional(row -> new Updated(UserRows.user(row), row.get(ROLE_BEFORE)));
  }

  /** Locks the role's row, as the foreign key of {@code user_roles} will. */
  private static Condition isDefined(String role) {
    return DSL.exists(DSL.selectOne().from(ROLES).where(ROLES.NAME.eq(role)).forKeyShare());
  }

  /** Address (but for its case) and name are those in the row, so nothing can collide. */
  private static Condition sameIdentity(User user) {
    return UserRows.foldedEmail()
        .isNotDistinctFrom(folded(user.email()))
        .and(USERS.USERNAME.isNotDistinctFrom(user.username()));
  }

  private static @Nullable String folded(@Nullable String email) {
    return email == null ? null : email.toLowerCase(Locale.ROOT);
  }
}
