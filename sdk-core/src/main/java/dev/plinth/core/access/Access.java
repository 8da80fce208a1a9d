package dev.plinth.core.access;

import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Who has which roles ({@code user_roles}), and so may do what. Standalone calls run in the
 * thread's current transaction or a short one of their own; {@link #in(Tx)} gives the same in a
 * transaction at hand. Safe for use by many threads.
 *
 * <p>{@link #can} answers from memory. A started Plinth hears of changes by notification, and asks
 * for them about once a second besides: a revocation is seen by every node within a second of its
 * commit, with or without LISTEN, and on the node that made it, through this interface or {@link
 * Roles}, when the commit returns. A node that cannot ask the database trusts its memory for five
 * seconds, and then asks for each answer. A Plinth that is not started remembers nothing. Changes
 * by the host's own SQL count like any other.
 *
 * <p>A user's primary role, {@code users.role}, is one of the roles it has; giving it another
 * replaces that one. In a transaction with a tenant, roles are given to and taken from that
 * tenant's users only; what a user may do does not depend on the tenant.
 */
public interface Access {
  /** The same, working in the given transaction; nothing is answered from memory. */
  Access in(Tx tx);

  /**
   * Whether a user may do something: is active and has a role that permits it, directly, by a
   * wildcard or by inheritance, or is a superuser. False for a user who does not exist.
   *
   * <p>Sends nothing when the answer is remembered; otherwise blocks for one query. In a
   * transaction, {@code in(tx).can(…)} sees what that transaction has done; this method may not.
   *
   * @param permission a name such as {@code node.delete}, without wildcard
   */
  boolean can(UUID userId, String permission);

  /**
   * As {@link #can}, for whoever wants to be refused.
   *
   * @throws AccessDeniedException when the user may not
   */
  default void require(UUID userId, String permission) {
    if (!can(userId, permission)) {
      throw new AccessDeniedException(userId, permission);
    }
  }

  /** As {@link #grant(UUID, String, UUID)}, by nobody in particular. */
  default boolean grant(UUID userId, String role) {
    return grant(userId, role, null);
  }

  /**
   * Gives a user a role besides those it has, and announces {@link RoleGranted}.
   *
   * @param by the user who grants it, or null
   * @return false when the user has it already
   * @throws UnknownRoleException when it is not defined; the transaction remains usable
   * @throws dev.plinth.core.identity.UnknownUserException when there is no such user in the
   *     transaction's tenant; the transaction remains usable
   */
  boolean grant(UUID userId, String role, @Nullable UUID by);

  /**
   * Takes a role from a user, and announces {@link RoleRevoked}.
   *
   * @return false when the user does not have it
   * @throws PrimaryRoleException when it is the primary one, which can only be replaced; the
   *     transaction remains usable
   */
  boolean revoke(UUID userId, String role);

  /** A user's roles in ascending order, without those they inherit from; empty for nobody. */
  List<GrantedRole> roles(UUID userId);

  /**
   * A page of the users who have a role, in ascending order of id; of the transaction's tenant
   * only. Users whose role inherits from it are not among them.
   *
   * @param after the last id of the page before, or null for the first
   * @param limit at most 1,000
   */
  List<UUID> users(String role, @Nullable UUID after, int limit);

  /**
   * Sets a user's primary role on behalf of an administrator: no mapping of single sign-on changes
   * it any more until {@link #clearOverride}. Announces {@link PrimaryRoleSet} when anything
   * changes.
   *
   * @param byAdministrator the user who decides this
   * @return whether anything changed
   * @throws UnknownRoleException as {@link #grant(UUID, String, UUID)}
   * @throws dev.plinth.core.identity.UnknownUserException as {@link #grant(UUID, String, UUID)}
   */
  boolean setRole(UUID userId, String role, UUID byAdministrator);

  /**
   * Sets a user's primary role as single sign-on maps it, unless an administrator has set one.
   * Meant for every log-in: one query when nothing changes. Announces {@link PrimaryRoleSet} when
   * it does.
   *
   * @throws UnknownRoleException when the role would be set and is not defined; the transaction
   *     remains usable
   * @throws dev.plinth.core.identity.UnknownUserException as {@link #grant(UUID, String, UUID)}
   */
  RoleMapping mapRole(UUID userId, String role);

  /**
   * Lets single sign-on map the user's role again. The role stays until it does.
   *
   * @return false when there was no override
   */
  boolean clearOverride(UUID userId);

  /** Whether an administrator has set the user's role; false for nobody. */
  boolean isOverridden(UUID userId);
}
