package dev.plinth.core.apikey;

import dev.plinth.core.tx.Tx;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The repository of {@code api_keys}. Standalone calls run in the thread's current transaction or a
 * short one of their own; {@link #in(Tx)} gives the same in a transaction at hand. Blocks; safe for
 * use by many threads.
 *
 * <p>A key reads {@code prefix_} + 30 random characters + 6 of checksum, all of base62; the
 * database has its SHA-256. In a transaction with a tenant, only that tenant's keys are found and
 * written; without one, those of no tenant; {@link #authenticate} says what it does.
 */
public interface ApiKeys {
  /** The same repository, working in the given transaction. */
  ApiKeys in(Tx tx);

  /**
   * Issues a key and announces {@link ApiKeyIssued}. Its text is in the result and nowhere else.
   *
   * @throws dev.plinth.core.identity.UnknownUserException when there is no such user in this tenant
   * @throws dev.plinth.core.identity.InactiveUserException when the user is deactivated; either way
   *     the transaction remains usable
   */
  IssuedKey issue(NewApiKey key);

  /**
   * Tells whose key this is and whether it is good, by one indexed read that also asks for the
   * user. A text that is malformed or whose checksum is wrong costs no statement. Standalone, the
   * read runs outside of any transaction, in one round trip; revocations and expiry are seen by the
   * next call on any node. There is no cache to invalidate.
   *
   * <p>In a transaction with a tenant, a key of another one is {@link KeyAuthentication.Unknown}.
   * Without a tenant every key is found, and the host learns from the key whose tenant it is.
   *
   * <p>Wrong keys: those that were not found good before on this node share three connections at
   * most, so that a flood of them leaves the rest of the pool to the others.
   *
   * <p>{@code last_used_at} is written at most once a minute and key, whatever the number of nodes,
   * and never in the caller's transaction: by a background thread after {@code plinth.start()},
   * else on the connection at hand where there is no transaction. That it cannot be written, or its
   * row is locked, neither fails nor delays the answer. A process that dies may lose the last
   * minute.
   *
   * @param text what was presented; anything but null
   */
  KeyAuthentication authenticate(String text);

  /** By its id. */
  Optional<ApiKey> find(UUID id);

  /**
   * A page of an owner's keys, good or not, in ascending order of id, that is of issue.
   *
   * @param after the last id of the page before, or null for the first
   * @param limit at most 1,000
   */
  List<ApiKey> page(KeyOwner owner, @Nullable UUID after, int limit);

  /**
   * Writes name, scopes, metadata and end of a key.
   *
   * @return the key as it now stands
   * @throws StaleApiKeyException when somebody else changed it since it was read, or it is gone
   */
  ApiKey update(ApiKey key);

  /**
   * Issues a successor with the same owner, name, prefix, scopes, metadata and length of life, and
   * lets the old key end after the overlap, or at its own end if that is sooner. Of several callers
   * at once one rotates it; a key is rotated once, then its successor is. Announces {@link
   * ApiKeyIssued}.
   *
   * @param overlap how long the old key stays good, from zero to a year, by the database's clock
   */
  Rotation rotate(UUID id, Duration overlap);

  /**
   * Revokes a key and announces {@link ApiKeysRevoked}. Final; does nothing when it is revoked
   * already. Its successor, if it was rotated, is another key and stays.
   *
   * @return whether anything changed
   */
  boolean revoke(UUID id);

  /**
   * Revokes every key of an owner and announces {@link ApiKeysRevoked}. Deactivating a user does
   * not: the keys are refused from that transaction on, and good again once the user is
   * reactivated.
   *
   * @return how many were active
   */
  int revokeAll(KeyOwner owner);
}
