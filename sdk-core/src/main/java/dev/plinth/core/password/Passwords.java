package dev.plinth.core.password;

import dev.plinth.core.tx.Tx;
import java.util.UUID;

/**
 * Passwords of local accounts, in {@code users.password_hash}. New ones are hashed with Argon2id;
 * bcrypt hashes of older systems are understood, and replaced when their owner logs in. Safe for
 * use by many threads.
 *
 * <p>Hashing takes tens of milliseconds and megabytes on purpose. So no connection is held
 * meanwhile, only so many are computed at a time as {@link PasswordOptions} say, and what hashes
 * refuses to run in a transaction: hash first, then store with {@link #in(Tx)}. It blocks while it
 * waits for its turn and computes.
 *
 * <p>A password is any text of at most 1,000 characters without U+0000. It is normalised to NFC
 * first (RFC 8265), so that an é typed as one character or as two is the same. What is handed in is
 * not kept; {@code CharBuffer.wrap(chars)} makes a CharSequence of a {@code char[]} that can be
 * wiped. Limiting the attempts on one account is the host's, for instance with sdk-quota.
 */
public interface Passwords extends StoredPasswords {
  /** Stores and removes in the given transaction. */
  StoredPasswords in(Tx tx);

  /** The same for the users of a tenant; as it is, it finds users of no tenant. */
  Passwords forTenant(String tenant);

  /**
   * Hashes a new password with Argon2id. Needs no database.
   *
   * @throws IllegalArgumentException when it is shorter than the options ask for, or not a password
   * @throws IllegalStateException when the calling thread is in a transaction
   * @throws PasswordsBusyException when its turn does not come in time
   */
  PasswordHash hash(CharSequence password);

  /** True when a hash is bcrypt, or costs less than the options ask for. */
  boolean needsRehash(PasswordHash hash);

  /**
   * Hashes a new password, then stores it, and announces {@link PasswordChanged}. Sessions go on:
   * see {@code sessions().revokeOthers(…)}.
   *
   * @throws dev.plinth.core.identity.UnknownUserException when there is no such user
   * @throws IllegalArgumentException as {@link #hash}
   * @throws IllegalStateException when the calling thread is in a transaction
   * @throws PasswordsBusyException when its turn does not come in time
   */
  void set(UUID userId, CharSequence password);

  /**
   * Checks a user's password, as before a dangerous step; active or not. Writes nothing.
   *
   * @throws IllegalStateException when the calling thread is in a transaction
   * @throws PasswordsBusyException when its turn does not come in time
   */
  PasswordCheck verify(UUID userId, CharSequence password);

  /**
   * Checks address or unique name and password. On success one statement writes {@code
   * last_login_at} and, where the stored hash is bcrypt or too cheap, the password hashed anew; it
   * does so only if the user is still active and the password still that one. {@link UserLoggedIn}
   * is announced in the same transaction.
   *
   * <p>Somebody who does not exist takes as long as somebody with an Argon2id hash of the present
   * cost. A text that is one user's address and another's name is taken for the address.
   *
   * @param login address, in any case, or unique name; at most 255 characters
   * @throws IllegalStateException when the calling thread is in a transaction
   * @throws PasswordsBusyException when its turn does not come in time
   */
  LogIn logIn(String login, CharSequence password);
}
