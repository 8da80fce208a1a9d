package dev.plinth.core.identity;

import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The repository of {@code users}. Standalone calls run in the thread's current transaction or a
 * short one of their own; {@link #in(Tx)} gives the same in a transaction at hand. Blocks; safe for
 * use by many threads.
 *
 * <p>In a transaction with a tenant, only that tenant's users are found and written; without one,
 * those of no tenant. External id and address are unique per tenant, names in the installation.
 *
 * <p>Under {@code REPEATABLE READ} and stricter, PostgreSQL answers a collision with a user that
 * the snapshot does not show by a serialization failure, which aborts the transaction: repeat it
 * then, as {@code plinth.transact} does.
 */
public interface Users {
  /** The same repository, working in the given transaction. */
  Users in(Tx tx);

  /**
   * Creates a user.
   *
   * @throws DuplicateUserException when the external id, the address (in any case) or the name is
   *     taken; the transaction remains usable
   * @throws dev.plinth.core.access.UnknownRoleException when its role is not defined; the
   *     transaction remains usable
   */
  User create(NewUser user);

  /**
   * The user with this external id (or without one, this address; without either, this name),
   * created first if need be. An existing user is returned as it is; its other fields are not
   * compared. Of many callers at once, one creates and all get the same user.
   *
   * @throws DuplicateUserException when there is no such user, but another one has the address or
   *     the name; the transaction remains usable
   * @throws dev.plinth.core.access.UnknownRoleException when there is no such user and its role is
   *     not defined; the transaction remains usable
   */
  User findOrCreate(NewUser user);

  /** By Plinth's id. */
  Optional<User> find(UUID id);

  /** By the host's own key. */
  Optional<User> findByExternalId(String externalId);

  /** By address, in any case. */
  Optional<User> findByEmail(String email);

  /** By unique name. */
  Optional<User> findByUsername(String username);

  /**
   * A page of users in ascending order of id, that is of creation.
   *
   * @param after the last id of the page before, or null for the first
   * @param limit at most 1,000
   */
  List<User> page(@Nullable UUID after, int limit);

  /**
   * Writes the changeable fields of a user: {@code email, username, fullName, picture, role,
   * authProvider, isVerified, lastLoginAt, settings, metadata}. One statement; a change of address
   * or name costs a savepoint besides, so that losing a race for it leaves the transaction usable.
   *
   * @return the user as it now stands
   * @throws StaleUserException when somebody else changed it since it was read, or it is gone
   * @throws DuplicateUserException when the address or the name is taken; the transaction remains
   *     usable
   * @throws dev.plinth.core.access.UnknownRoleException when its new role is not defined; the
   *     transaction remains usable
   */
  User update(User user);

  /**
   * Deactivates a user and announces {@link UserDeactivated} in the same transaction, so that other
   * modules take their part. Does nothing when it is inactive already.
   *
   * @return whether anything changed
   */
  boolean deactivate(UUID id);
}
