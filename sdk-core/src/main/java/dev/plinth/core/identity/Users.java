package dev.plinth.core.identity;

import dev.plinth.core.json.Json;
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

  /** By Plinth's id; also a user who was merged or erased, whose row remains. */
  Optional<User> find(UUID id);

  /** By the host's own key. A user who was merged is found as the one who took over. */
  Optional<User> findByExternalId(String externalId);

  /** By address, in any case. A user who was merged is found as the one who took over. */
  Optional<User> findByEmail(String email);

  /** By unique name. A user who was merged is found as the one who took over. */
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
   * A page of the users that the filter lets through, in ascending order of id, that is of
   * creation.
   *
   * <p>Reads along the ids of the tenant (or of the time of creation, where that narrows more) and
   * skips what does not match, so a filter that matches few of many users reads many for a page.
   * There is no count: PostgreSQL would read every matching row for it.
   *
   * @param after the last id of the page before, or null for the first
   * @param limit at most 1,000
   */
  List<User> page(UserFilter filter, @Nullable UUID after, int limit);

  /**
   * Changes preferences by a JSON merge patch (RFC 7396): members of the patch replace those of the
   * document, objects are merged, null removes. The row is locked between reading and writing, so
   * no other change is lost.
   *
   * @return the user as it now stands
   * @throws UnknownUserException when there is no such user, or it was erased
   */
  User patchSettings(UUID id, Json patch);

  /** As {@link #patchSettings}, of the host's own data. */
  User patchMetadata(UUID id, Json patch);

  /**
   * Deactivates a user and announces {@link UserDeactivated} in the same transaction, so that other
   * modules take their part: sessions end and live connections are forgotten. API keys, tokens,
   * usage and jobs stay. Does nothing when it is inactive already.
   *
   * <p>Under {@code REPEATABLE READ} and stricter, a session that began or was used after the
   * snapshot, or a key, makes PostgreSQL refuse with a serialization failure: repeat the
   * transaction, as {@code plinth.transact} does.
   *
   * @return whether anything changed
   */
  boolean deactivate(UUID id);

  /**
   * Makes a deactivated user active again and announces {@link UserReactivated} in the same
   * transaction. Sessions that ended stay ended.
   *
   * @return whether anything changed
   * @throws MergedUserException when the user was merged into another
   * @throws UnknownUserException when there is no such user, or it was erased
   */
  boolean reactivate(UUID id);

  /**
   * Merges one user into another and announces {@link UsersMerged} in the same transaction, in
   * which every module hands over what is the one's to the other. Nothing is lost and nothing
   * counted twice: writes that were under way for either are waited for, and writes that come later
   * are refused with {@link UnknownUserException} when they name the one who was given up.
   *
   * <p>That user keeps an inactive row: {@link #find} still finds it, with {@link
   * User#mergedInto()}, while its external id, address and name remain taken and lead to the other.
   * Settings, metadata and profile of the other are not changed. Who was merged into the first
   * before is pointed at the second too. Repeating a merge does nothing.
   *
   * <p>What could be come in with while the first was deactivated cannot be afterwards: its active
   * API keys are revoked, which is announced, before they are handed over.
   *
   * <p>Needs {@code READ COMMITTED}, since it must see what it has waited for: standalone it asks
   * for that, and a stricter transaction at hand is refused and remains usable.
   *
   * <p>Locks the rows of both users in ascending order of id, then those merged into the first,
   * then what modules keep of them, keys and sessions in ascending order of id. What locks a user's
   * keys, sessions, usage or tokens and then, for the first time, the user may deadlock with it: a
   * transaction that revokes a key and issues another, or that has written for one of the two and
   * comes here. So may merges and erasures in a chain at the same moment. PostgreSQL ends one of
   * them; one of Plinth's own is repeated.
   *
   * @return the user who took over, whose version is a new one
   * @throws MergedUserException when either was merged into somebody else
   * @throws UnknownUserException when either does not exist in the transaction's tenant, or was
   *     erased
   * @throws IllegalStateException when the transaction is stricter than {@code READ COMMITTED}, or
   *     the schema has tables of a module that this node lacks, whose part would be left out
   */
  User merge(UUID from, UUID into);

  /**
   * Erases a user's personal data, and that of everyone merged into them: announces {@link
   * UserErased} for each in the same transaction, in which every module removes what it keeps. The
   * row remains, inactive and without anything that tells who it was, for what refers to it; the
   * audit trail is not touched. Whoever is being merged into them at the same moment is erased too,
   * or the merge refused.
   *
   * <p>Needs {@code READ COMMITTED}, and locks, as {@link #merge} does.
   *
   * @return whether anything changed; false when there is no such user or it was erased before
   * @throws IllegalStateException when the transaction is stricter than {@code READ COMMITTED}, or
   *     the schema has tables of a module that this node lacks, whose part would be left out
   */
  boolean erase(UUID id);

  /**
   * Deletes a user, everyone merged into them, and whatever belongs to them by a cascading foreign
   * key: API keys, sessions, credentials, live connections, roles, usage, tokens. Announces {@link
   * UserDeleted} in the same transaction. Providers are not told to forget tokens: {@link #erase}
   * does that.
   *
   * <p>Costs a savepoint, so that a refusal leaves the transaction usable.
   *
   * @return whether there was such a user
   * @throws UserInUseException when jobs, batches or rows of the host's refer to the user
   */
  boolean delete(UUID id);
}
