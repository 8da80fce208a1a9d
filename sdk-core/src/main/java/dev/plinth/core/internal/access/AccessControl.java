package dev.plinth.core.internal.access;

import dev.plinth.core.access.Access;
import dev.plinth.core.access.GrantedRole;
import dev.plinth.core.access.PrimaryRoleSet;
import dev.plinth.core.access.RoleGranted;
import dev.plinth.core.access.RoleMapping;
import dev.plinth.core.access.RoleRevoked;
import dev.plinth.core.event.Events;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.identity.UserDeactivated;
import dev.plinth.core.identity.UserErased;
import dev.plinth.core.identity.UserReactivated;
import dev.plinth.core.identity.UsersMerged;
import dev.plinth.core.internal.change.ChangeFeed;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Checks arguments, chooses the transaction, and tells caches and subscribers what was done. */
public final class AccessControl implements Access {
  static final String TOPIC = "permissions";

  private final TxScope scope;
  private final Events events;
  private final ChangeFeed feed;
  private final ReadPermissions read;
  private final @Nullable RememberedPermissions remembered;
  private final UserRoleRows userRoles;
  private final PrimaryRole primary;

  /** Works in the given scope, and remembers. */
  public AccessControl(
      TxScope scope, Schema schema, Events events, ChangeFeed feed, Transactions transactions) {
    this.scope = scope;
    this.events = events;
    this.feed = feed;
    this.read = new ReadPermissions(schema);
    this.remembered = new RememberedPermissions(scope, read, feed, transactions);
    this.userRoles = new UserRoleRows(schema);
    this.primary = new PrimaryRole(schema);
    feed.listen(TOPIC, remembered);
    forgetWithEvents();
  }

  private void forgetWithEvents() {
    events.inTransaction(UserDeactivated.class, (tx, event) -> forget(tx, event.userId()));
    events.inTransaction(UserReactivated.class, (tx, event) -> forget(tx, event.userId()));
    events.inTransaction(UserErased.class, (tx, event) -> forget(tx, event.userId()));
    events.inTransaction(PrimaryRoleSet.class, (tx, event) -> forget(tx, event.userId()));
    events.inTransaction(
        UsersMerged.class,
        (tx, event) -> {
          forget(tx, event.from());
          forget(tx, event.into());
        });
  }

  /** Remembers nothing, since the transaction may see what nobody else does. */
  private AccessControl(TxScope scope, AccessControl other) {
    this.scope = scope;
    this.events = other.events;
    this.feed = other.feed;
    this.read = other.read;
    this.remembered = null;
    this.userRoles = other.userRoles;
    this.primary = other.primary;
  }

  @Override
  public Access in(Tx tx) {
    return new AccessControl(TxScope.of(tx), this);
  }

  @Override
  public boolean can(UUID userId, String permission) {
    Args.notNull(userId, "userId");
    Args.notNull(permission, "permission");
    if (remembered != null) {
      @Nullable Permissions known = remembered.peek(userId);
      if (known != null) {
        return known.permit(permission);
      }
    }
    Names.permission(permission);
    Permissions found =
        remembered != null
            ? remembered.load(userId)
            : scope.returning(tx -> read.of(tx, userId)).permissions();
    return found.permit(permission);
  }

  @Override
  public boolean grant(UUID userId, String role, @Nullable UUID by) {
    check(userId, role);
    return scope.returning(
        tx -> {
          boolean granted = userRoles.grant(Writable.require(tx), userId, role, by);
          return granted && announce(tx, userId, new RoleGranted(userId, role, by));
        });
  }

  @Override
  public boolean revoke(UUID userId, String role) {
    check(userId, role);
    return scope.returning(
        tx -> {
          boolean revoked = userRoles.revoke(Writable.require(tx), userId, role);
          return revoked && announce(tx, userId, new RoleRevoked(userId, role));
        });
  }

  @Override
  public List<GrantedRole> roles(UUID userId) {
    Args.notNull(userId, "userId");
    return scope.returning(tx -> userRoles.of(tx, userId));
  }

  @Override
  public List<UUID> users(String role, @Nullable UUID after, int limit) {
    Names.role(role, "role");
    Args.range(limit, 1, 1000, "limit");
    return scope.returning(tx -> userRoles.users(tx, role, after, limit));
  }

  @Override
  public boolean setRole(UUID userId, String role, UUID byAdministrator) {
    check(userId, role);
    Args.notNull(byAdministrator, "byAdministrator");
    return scope.returning(
        tx -> {
          PrimaryRole.Held held = primary.lock(Writable.require(tx), userId, role);
          if (held.isOverridden() && held.role().equals(role)) {
            return false;
          }
          primary.override(tx, userId, role, byAdministrator);
          events.publish(tx, new PrimaryRoleSet(userId, held.role(), role, byAdministrator));
          return true;
        });
  }

  @Override
  public RoleMapping mapRole(UUID userId, String role) {
    check(userId, role);
    return scope.returning(
        tx -> {
          @Nullable RoleMapping settled = settled(primary.read(tx, userId), role);
          return settled != null ? settled : map(Writable.require(tx), userId, role);
        });
  }

  private RoleMapping map(Tx tx, UUID userId, String role) {
    PrimaryRole.Held held = primary.lock(tx, userId, role);
    @Nullable RoleMapping settled = settled(held, role);
    if (settled != null) {
      return settled;
    }
    primary.map(tx, userId, role);
    events.publish(tx, new PrimaryRoleSet(userId, held.role(), role, null));
    return RoleMapping.CHANGED;
  }

  private static @Nullable RoleMapping settled(PrimaryRole.Held held, String role) {
    if (held.role().equals(role)) {
      return RoleMapping.UNCHANGED;
    }
    return held.isOverridden() ? RoleMapping.OVERRIDDEN : null;
  }

  @Override
  public boolean clearOverride(UUID userId) {
    Args.notNull(userId, "userId");
    return scope.returning(tx -> primary.clear(Writable.require(tx), userId));
  }

  @Override
  public boolean isOverridden(UUID userId) {
    Args.notNull(userId, "userId");
    return scope.returning(tx -> primary.isOverridden(tx, userId));
  }

  private boolean announce(Tx tx, UUID userId, PlinthEvent event) {
    forget(tx, userId);
    events.publish(tx, event);
    return true;
  }

  private void forget(Tx tx, UUID userId) {
    feed.announce(tx, TOPIC, userId.toString());
  }

  private static void check(UUID userId, String role) {
    Args.notNull(userId, "userId");
    Names.role(role, "role");
  }
}
