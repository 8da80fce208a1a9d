package dev.plinth.core.internal.identity;

import static dev.plinth.core.internal.jooq.Tables.USERS;

import dev.plinth.core.access.PrimaryRoleSet;
import dev.plinth.core.event.Events;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.User;
import dev.plinth.core.identity.UserDeactivated;
import dev.plinth.core.identity.UserFilter;
import dev.plinth.core.identity.UserReactivated;
import dev.plinth.core.identity.Users;
import dev.plinth.core.internal.Db;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BiConsumer;
import org.jooq.Condition;
import org.jooq.JSONB;
import org.jooq.Record;
import org.jooq.TableField;
import org.jspecify.annotations.Nullable;

/** Checks arguments and chooses the transaction; each use case has a class of its own. */
public final class UserRepository implements Users {
  private static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999999Z");

  private final TxScope scope;
  private final TxScope latest;
  private final FindUsers find;
  private final CreateUser create;
  private final UpdateUser update;
  private final PatchUser patch;
  private final RetireUsers retire;
  private final DeleteUser delete;
  private final Events events;

  /**
   * Works in the given scope.
   *
   * @param latest the same, but READ COMMITTED where it opens a transaction of its own
   * @param endAccess ends what a user can come in with
   */
  public UserRepository(
      TxScope scope,
      TxScope latest,
      Schema schema,
      UuidV7 ids,
      Events events,
      List<FeatureModule> modules,
      BiConsumer<Tx, UUID> endAccess) {
    Db db = new Db(schema);
    this.scope = scope;
    this.latest = latest;
    this.find = new FindUsers(db);
    this.create = new CreateUser(db, schema, ids, find);
    this.update = new UpdateUser(db, schema, find);
    this.patch = new PatchUser(db);
    this.retire = new RetireUsers(db, schema, events, new AllModules(schema, modules), endAccess);
    this.delete = new DeleteUser(db, events);
    this.events = events;
  }

  private UserRepository(TxScope scope, UserRepository other) {
    this.scope = scope;
    this.latest = scope;
    this.find = other.find;
    this.create = other.create;
    this.update = other.update;
    this.patch = other.patch;
    this.retire = other.retire;
    this.delete = other.delete;
    this.events = other.events;
  }

  @Override
  public Users in(Tx tx) {
    return new UserRepository(TxScope.of(tx), this);
  }

  @Override
  public User create(NewUser user) {
    Args.notNull(user, "user");
    return scope.returning(tx -> create.create(Writable.require(tx), user));
  }

  @Override
  public User findOrCreate(NewUser user) {
    Args.notNull(user, "user");
    return scope.returning(
        tx -> find.like(tx, user).orElseGet(() -> create.findOrCreate(Writable.require(tx), user)));
  }

  @Override
  public Optional<User> find(UUID id) {
    Args.notNull(id, "id");
    return one(USERS.ID.eq(id));
  }

  @Override
  public Optional<User> findByExternalId(String externalId) {
    Args.text(externalId, 255, "externalId");
    return living(USERS.EXTERNAL_ID.eq(externalId));
  }

  @Override
  public Optional<User> findByEmail(String email) {
    Args.text(email, 255, "email");
    return living(UserRows.withEmail(email));
  }

  @Override
  public Optional<User> findByUsername(String username) {
    Args.text(username, 255, "username");
    return living(USERS.USERNAME.eq(username));
  }

  @Override
  public List<User> page(@Nullable UUID after, int limit) {
    return page(UserFilter.all(), after, limit);
  }

  @Override
  public List<User> page(UserFilter filter, @Nullable UUID after, int limit) {
    Args.notNull(filter, "filter");
    Args.range(limit, 1, 1000, "limit");
    return scope.returning(tx -> find.page(tx, filter, after, limit));
  }

  @Override
  public User update(User user) {
    requireValid(user);
    return scope.returning(
        tx -> {
          UpdateUser.Updated updated = update.update(Writable.require(tx), user);
          if (!updated.roleBefore().equals(user.role())) {
            events.publish(
                tx, new PrimaryRoleSet(user.id(), updated.roleBefore(), user.role(), null));
          }
          return updated.user();
        });
  }

  @Override
  public boolean deactivate(UUID id) {
    Args.notNull(id, "id");
    return scope.returning(
        tx -> {
          boolean changed = update.deactivate(Writable.require(tx), id);
          if (changed) {
            events.publish(tx, new UserDeactivated(id));
          }
          return changed;
        });
  }

  @Override
  public boolean reactivate(UUID id) {
    Args.notNull(id, "id");
    return scope.returning(
        tx -> {
          boolean changed = update.reactivate(Writable.require(tx), id);
          if (changed) {
            events.publish(tx, new UserReactivated(id));
          }
          return changed;
        });
  }

  @Override
  public User patchSettings(UUID id, Json patch) {
    return patch(id, USERS.SETTINGS, patch);
  }

  @Override
  public User patchMetadata(UUID id, Json patch) {
    return patch(id, USERS.METADATA, patch);
  }

  private User patch(UUID id, TableField<Record, JSONB> column, Json document) {
    Args.notNull(id, "id");
    Args.notNull(document, "patch").requireObject("patch");
    return scope.returning(tx -> patch.patch(Writable.require(tx), id, column, document));
  }

  @Override
  public User merge(UUID from, UUID into) {
    Args.notNull(from, "from");
    Args.notNull(into, "into");
    Args.check(!from.equals(into), "into must be another user than from");
    return latest.returning(tx -> retire.merge(Writable.require(tx), from, into));
  }

  @Override
  public boolean erase(UUID id) {
    Args.notNull(id, "id");
    return latest.returning(tx -> retire.erase(Writable.require(tx), id));
  }

  @Override
  public boolean delete(UUID id) {
    Args.notNull(id, "id");
    return scope.returning(tx -> delete.delete(Writable.require(tx), id));
  }

  /**
   * A user that was read may hold what the host's own SQL wrote, so only a write asks for the rules
   * of a new one.
   */
  private static void requireValid(User user) {
    Args.notNull(user, "user");
    Args.notNull(user.id(), "id");
    Args.notNull(
        new NewUser(
            user.externalId(),
            user.email(),
            user.username(),
            user.fullName(),
            user.picture(),
            user.role(),
            user.authProvider(),
            user.settings(),
            user.metadata()),
        "user");
    Instant login = user.lastLoginAt();
    Args.check(
        login == null || (!login.isBefore(EARLIEST) && !login.isAfter(LATEST)),
        "lastLoginAt must lie between the years 1 and 9999");
  }

  private Optional<User> living(Condition condition) {
    return scope.returning(tx -> find.living(tx, condition));
  }

  private Optional<User> one(Condition condition) {
    return scope.returning(tx -> find.one(tx, condition));
  }
}
