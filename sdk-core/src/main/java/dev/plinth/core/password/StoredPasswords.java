package dev.plinth.core.password;

import java.util.UUID;

/**
 * What is written of passwords, once they are hashed: short statements that may run in any
 * transaction.
 */
public interface StoredPasswords {
  /**
   * Stores a hash and announces {@link PasswordChanged}.
   *
   * @throws dev.plinth.core.identity.UnknownUserException when there is no such user in this
   *     tenant; the transaction remains usable
   */
  void set(UUID userId, PasswordHash hash);

  /**
   * Removes the password, so that the user logs in by other means or not at all, and announces
   * {@link PasswordChanged}.
   *
   * @return false when there was none
   */
  boolean remove(UUID userId);
}
