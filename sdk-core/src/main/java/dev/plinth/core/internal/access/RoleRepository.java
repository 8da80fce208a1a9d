package dev.plinth.core.internal.access;

import dev.plinth.core.access.Role;
import dev.plinth.core.access.Roles;
import dev.plinth.core.access.UnknownRoleException;
import dev.plinth.core.internal.change.ChangeFeed;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxFunction;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Checks arguments, chooses the transaction, and has caches forget what a change touches. */
public final class RoleRepository implements Roles {
  private final TxScope scope;
  private final ChangeFeed feed;
  private final RoleRows roles;
  private final RolePermissionRows permissions;
  private final Hierarchy hierarchy;

  /** Works in the given scope. */
  public RoleRepository(TxScope scope, Schema schema, ChangeFeed feed) {
    this.scope = scope;
    this.feed = feed;
    this.roles = new RoleRows(schema);
    this.permissions = new RolePermissionRows(schema);
    this.hierarchy = new Hierarchy(schema);
  }

  private RoleRepository(TxScope scope, RoleRepository other) {
    this.scope = scope;
    this.feed = other.feed;
    this.roles = other.roles;
    this.permissions = other.permissions;
    this.hierarchy = other.hierarchy;
  }

  @Override
  public Roles in(Tx tx) {
    return new RoleRepository(TxScope.of(tx), this);
  }

  @Override
  public Role define(String name, @Nullable String description, String... permits) {
    Names.role(name, "name");
    checkDescription(description);
    String[] patterns = Args.notNull(permits, "permissions").clone();
    for (String pattern : patterns) {
      Names.pattern(pattern);
    }
    return scope.returning(
        tx -> {
          Optional<Role> there = roles.find(tx, name);
          return there.isPresent() ? there.get() : insert(tx, name, description, patterns);
        });
  }

  private Role insert(Tx tx, String name, @Nullable String description, String[] patterns) {
    Optional<Role> created = roles.insert(Writable.require(tx), name, description);
    if (created.isPresent() && patterns.length > 0) {
      permissions.permit(tx, name, patterns);
    }
    return created.or(() -> roles.find(tx, name)).orElseThrow(() -> new UnknownRoleException(name));
  }

  @Override
  public Role describe(String name, @Nullable String description) {
    Names.role(name, "name");
    checkDescription(description);
    return scope.returning(
        tx ->
            roles
                .describe(Writable.require(tx), name, description)
                .orElseThrow(() -> new UnknownRoleException(name)));
  }

  @Override
  public Optional<Role> find(String name) {
    Names.role(name, "name");
    return scope.returning(tx -> roles.find(tx, name));
  }

  @Override
  public List<Role> page(@Nullable String after, int limit) {
    if (after != null) {
      Names.role(after, "after");
    }
    Args.range(limit, 1, 1000, "limit");
    return scope.returning(tx -> roles.page(tx, after, limit));
  }

  @Override
  public boolean drop(String name) {
    Names.role(name, "name");
    return scope.returning(tx -> roles.drop(Writable.require(tx), name));
  }

  @Override
  public boolean permit(String role, String permission) {
    Names.role(role, "role");
    Names.pattern(permission);
    return change(
        tx -> {
          boolean permitted = permissions.permit(tx, role, permission) == 1;
          if (!permitted) {
            roles.require(tx, role);
          }
          return permitted;
        });
  }

  @Override
  public boolean withdraw(String role, String permission) {
    Names.role(role, "role");
    Names.pattern(permission);
    return change(
        tx -> {
          boolean withdrawn = permissions.withdraw(tx, role, permission);
          if (!withdrawn) {
            roles.require(tx, role);
          }
          return withdrawn;
        });
  }

  @Override
  public List<String> permissions(String role) {
    Names.role(role, "role");
    return scope.returning(
        tx -> {
          List<String> found = permissions.list(tx, role);
          if (found.isEmpty()) {
            roles.require(tx, role);
          }
          return found;
        });
  }

  @Override
  public boolean inherit(String role, String parent) {
    checkPair(role, parent);
    return change(
        tx -> {
          boolean added = hierarchy.add(tx, role, parent);
          if (!added) {
            roles.require(tx, role);
            roles.require(tx, parent);
          }
          return added;
        });
  }

  @Override
  public boolean disinherit(String role, String parent) {
    checkPair(role, parent);
    return change(
        tx -> {
          boolean removed = hierarchy.remove(tx, role, parent);
          if (!removed) {
            roles.require(tx, role);
            roles.require(tx, parent);
          }
          return removed;
        });
  }

  @Override
  public List<String> parents(String role) {
    Names.role(role, "role");
    return scope.returning(
        tx -> {
          List<String> found = hierarchy.parents(tx, role);
          if (found.isEmpty()) {
            roles.require(tx, role);
          }
          return found;
        });
  }

  private boolean change(TxFunction<Boolean, RuntimeException> work) {
    return scope.returning(
        tx -> {
          boolean changed = work.apply(Writable.require(tx));
          if (changed) {
            feed.announce(tx, AccessControl.TOPIC, null);
          }
          return changed;
        });
  }

  private static void checkPair(String role, String parent) {
    Names.role(role, "role");
    Names.role(parent, "parent");
    Args.check(!role.equals(parent), "parent must be another role");
  }

  private static void checkDescription(@Nullable String description) {
    if (description != null) {
      Args.text(description, 1000, "description");
    }
  }
}
