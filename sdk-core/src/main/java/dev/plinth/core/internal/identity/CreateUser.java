package dev.plinth.core.internal.identity;

import static dev.plinth.core.internal.jooq.Tables.ROLES;
import static dev.plinth.core.internal.jooq.Tables.USERS;

import dev.plinth.core.id.UuidV7;
import dev.plinth.core.identity.DuplicateUserException;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.User;
import dev.plinth.core.internal.Db;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.tx.Tx;
import java.time.OffsetDateTime;
import java.util.Optional;
import org.jooq.Field;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;

/**
 * Inserts users. A collision with any of the unique indexes leaves the transaction usable, because
 * {@code ON CONFLICT DO NOTHING} waits for the other transaction instead of failing.
 */
final class CreateUser {
  /** How often the user in the way may vanish again before the search for it ends. */
  private static final int ATTEMPTS = 3;

  private final Db db;
  private final UuidV7 ids;
  private final FindUsers find;
  private final Field<OffsetDateTime> now;

  CreateUser(Db db, Schema schema, UuidV7 ids, FindUsers find) {
    this.db = db;
    this.ids = ids;
    this.find = find;
    this.now = DSL.field(schema.now(), SQLDataType.TIMESTAMPWITHTIMEZONE);
  }

  User create(Tx tx, NewUser user) {
    for (int attempt = 1; attempt < ATTEMPTS; attempt++) {
      Optional<User> created = insert(tx, user);
      if (created.isPresent()) {
        return created.get();
      }
      Optional<String> taken =
          find.taken(tx, null, user.externalId(), user.email(), user.username());
      if (taken.isPresent()) {
        throw new DuplicateUserException(taken.get());
      }
      find.requireRole(tx, user.role());
    }
    return insert(tx, user).orElseThrow(() -> new DuplicateUserException(unseen(user)));
  }

  User findOrCreate(Tx tx, NewUser user) {
    Optional<User> created = insert(tx, user);
    return created.isPresent()
        ? created.get()
        : find.like(tx, user).orElseGet(() -> create(tx, user));
  }

  /**
   * Selecting from the role costs nothing: the row is locked for the foreign key of {@code
   * user_roles} in any case, and an unknown role inserts nothing instead of failing.
   */
  private Optional<User> insert(Tx tx, NewUser user) {
    return db.on(tx)
        .insertInto(
            USERS,
            USERS.ID,
            USERS.TENANT_ID,
            USERS.EXTERNAL_ID,
            USERS.EMAIL,
            USERS.USERNAME,
            USERS.FULL_NAME,
            USERS.PICTURE,
            USERS.ROLE,
            USERS.AUTH_PROVIDER,
            USERS.SETTINGS,
            USERS.METADATA,
            USERS.CREATED_AT,
            USERS.UPDATED_AT)
        .select(
            DSL.select(
                    DSL.val(ids.next(), USERS.ID),
                    DSL.val(tx.tenantId().orElse(null), USERS.TENANT_ID),
                    DSL.val(user.externalId(), USERS.EXTERNAL_ID),
                    DSL.val(user.email(), USERS.EMAIL),
                    DSL.val(user.username(), USERS.USERNAME),
                    DSL.val(user.fullName(), USERS.FULL_NAME),
                    DSL.val(user.picture(), USERS.PICTURE),
                    ROLES.NAME,
                    DSL.val(user.authProvider(), USERS.AUTH_PROVIDER),
                    DSL.val(UserRows.jsonb(user.settings()), USERS.SETTINGS),
                    DSL.val(UserRows.jsonb(user.metadata()), USERS.METADATA),
                    now,
                    now)
                .from(ROLES)
                .where(ROLES.NAME.eq(user.role()))
                .forKeyShare())
        .onConflictDoNothing()
        .returning(UserRows.COLUMNS)
        .fetchOptional(UserRows::user);
  }

  /**
   * The field in the way when row-level security hides whose it is: a name, which is unique across
   * tenants.
   */
  private static String unseen(NewUser user) {
    return user.username() != null ? "username" : user.email() != null ? "email" : "externalId";
  }
}
