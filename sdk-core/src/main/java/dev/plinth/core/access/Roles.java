package dev.plinth.core.access;

import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The repository of {@code roles}, {@code role_permissions} and {@code role_parents}: which roles
 * there are and what they permit. {@link Access} tells who has them. Standalone calls run in the
 * thread's current transaction or a short one of their own; {@link #in(Tx)} gives the same in a
 * transaction at hand. Blocks; safe for use by many threads.
 *
 * <p>Roles belong to the installation, not to a tenant. A name has at most 50 characters, none of
 * them a control character, and neither begins nor ends with a blank; upper and lower case differ.
 *
 * <p>A permission is a name such as {@code node.delete}: parts of letters, digits, {@code _} and
 * {@code -}, joined by points, at most 100 characters. A role may also be given {@code node.*},
 * which permits everything that begins with {@code node.}, but not {@code node} itself.
 *
 * <p>Every call that names a role which is not defined is refused with {@link UnknownRoleException}
 * unless it says otherwise, and every refusal leaves the transaction usable.
 */
public interface Roles {
  /** The same repository, working in the given transaction. */
  Roles in(Tx tx);

  /** As {@link #define(String, String, String...)}, without description and permissions. */
  default Role define(String name) {
    return define(name, null);
  }

  /**
   * Defines a role, unless it is defined already: then it is returned as it is, and the other
   * arguments are ignored, so that a host may say at every start which roles it needs without
   * undoing what an administrator has changed since.
   *
   * @param description at most 1,000 characters, or null
   * @param permissions what the role permits at first
   */
  Role define(String name, @Nullable String description, String... permissions);

  /**
   * Gives a role another description.
   *
   * @param description at most 1,000 characters, or null
   */
  Role describe(String name, @Nullable String description);

  /** By name. */
  Optional<Role> find(String name);

  /**
   * A page of roles in ascending order of name, by code points.
   *
   * @param after the last name of the page before, or null for the first
   * @param limit at most 1,000
   */
  List<Role> page(@Nullable String after, int limit);

  /**
   * Drops a role together with its permissions. Waits for transactions that are granting it.
   *
   * @return false when there is no such role
   * @throws BuiltInRoleException when it is built in
   * @throws RoleInUseException when users have it, or roles inherit from it
   */
  boolean drop(String name);

  /**
   * Lets a role permit something more.
   *
   * @return false when it did already, by this very name
   */
  boolean permit(String role, String permission);

  /**
   * No longer lets a role permit something; what it inherits or permits by another name stays.
   *
   * @return false when it did not
   */
  boolean withdraw(String role, String permission);

  /** What a role itself permits, in ascending order, without what it inherits. */
  List<String> permissions(String role);

  /**
   * Lets a role permit all that its parent permits, now and later. A role may have many parents.
   * Waits for other transactions that add to the hierarchy.
   *
   * @return false when it does already
   * @throws RoleCycleException when the parent inherits from the role
   * @throws IllegalArgumentException when they are the same
   */
  boolean inherit(String role, String parent);

  /**
   * No longer lets a role inherit from its parent.
   *
   * @return false when it did not
   */
  boolean disinherit(String role, String parent);

  /** From which roles a role inherits directly, in ascending order. */
  List<String> parents(String role);
}
