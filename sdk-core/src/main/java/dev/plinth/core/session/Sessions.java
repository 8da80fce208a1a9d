package dev.plinth.core.session;

import dev.plinth.core.json.Json;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The repository of {@code sessions}. Standalone calls run in the thread's current transaction or a
 * short one of their own; {@link #in(Tx)} gives the same in a transaction at hand. Blocks; safe for
 * use by many threads.
 *
 * <p>A session ends when it is revoked, when it lies unused for its idle timeout, when its lifetime
 * is over, and when its user is deactivated, all by the database's clock. Uses are written when a
 * tenth of the idle timeout has passed since the last one that was written; so a session that is
 * left alone ends between nine tenths of its idle timeout and the whole of it.
 *
 * <p>In a transaction with a tenant, only that tenant's sessions are found and written; without
 * one, those of no tenant; {@link #authenticate} says what it does. Rows of sessions that ended
 * remain for 30 days as history; then the task {@code core.sessions} deletes them in batches, which
 * waits for nobody and lets nobody wait.
 */
public interface Sessions {
  /** The same repository, working in the given transaction. */
  Sessions in(Tx tx);

  /**
   * Begins a session. Its token is in the result and nowhere else; the database has its SHA-256.
   *
   * @throws dev.plinth.core.identity.UnknownUserException when there is no such user in this tenant
   * @throws dev.plinth.core.identity.InactiveUserException when the user is deactivated; either way
   *     the transaction remains usable
   */
  StartedSession start(NewSession session);

  /**
   * Tells whose session this is and whether it is good, by one indexed read that also asks for the
   * user. A malformed token costs no statement. Standalone, the read runs outside of any
   * transaction, in one round trip; a revocation is seen by the next call on any node.
   *
   * <p>In a transaction with a tenant, a session of another one is {@link
   * SessionAuthentication.Unknown}. Without a tenant every session is found, and the host learns
   * from it whose tenant it is. Wrong tokens share three connections at most.
   *
   * <p>The use moves the idle end on, but not in the caller's transaction: a background thread
   * writes it after {@code plinth.start()}, else the connection at hand where there is no
   * transaction. That it cannot be written, or its row is locked, neither fails nor delays the
   * answer.
   *
   * @param token what was presented; anything but null
   */
  SessionAuthentication authenticate(String token);

  /** By its id. */
  Optional<Session> find(UUID id);

  /**
   * A page of a user's sessions that are good now, in ascending order of id, that is of beginning.
   *
   * @param after the last id of the page before, or null for the first
   * @param limit at most 1,000
   */
  List<Session> page(UUID userId, @Nullable UUID after, int limit);

  /**
   * Sets members of the session's data and keeps the others, in one statement: requests that set
   * different members at once lose nothing, and of the same member the last one stays. A member
   * within a member is replaced whole.
   *
   * @param members a JSON object
   * @return the data as it now stands; empty when the session is not good any more
   * @throws IllegalArgumentException when the members exceed 65,536 characters; what they would
   *     grow to counts no further than PostgreSQL's own limits
   */
  Optional<Json> mergeData(UUID id, Json members);

  /**
   * Replaces the session's data if nobody changed it since.
   *
   * @param version the version that was read
   * @return false when somebody did, or the session is not good any more; the transaction remains
   *     usable
   */
  boolean replaceData(UUID id, long version, Json data);

  /**
   * Gives the session another token, and the old one is unknown from then on: against session
   * fixation, whenever somebody logs in or gains rights. Everything else stays. Of several callers
   * at once, one gets a token.
   *
   * @param token the current one
   * @return empty when it is not that of a good session
   */
  Optional<StartedSession> regenerate(String token);

  /**
   * Revokes a session and announces {@link SessionsRevoked}. Final; does nothing when it is revoked
   * already.
   *
   * @return whether anything changed
   */
  boolean revoke(UUID id);

  /**
   * Revokes every session of a user and announces {@link SessionsRevoked}. Deactivating a user does
   * this in the same transaction.
   *
   * @return how many were not revoked yet
   */
  int revokeAll(UUID userId);

  /**
   * As {@link #revokeAll}, but for one: "log out everywhere else", and after a change of password.
   *
   * @param keep the session that stays
   */
  int revokeOthers(UUID userId, UUID keep);
}
