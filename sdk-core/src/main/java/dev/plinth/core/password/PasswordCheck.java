package dev.plinth.core.password;

/** What became of a password that was checked against a user's. */
public sealed interface PasswordCheck {
  /**
   * It is the user's.
   *
   * @param needsRehash true when the stored hash is bcrypt, or costs less than the options ask for;
   *     {@link Passwords#logIn} replaces it by itself
   */
  record Correct(boolean needsRehash) implements PasswordCheck {}

  /** It is not, or there is no such user, or one without a password. Each takes a hash's time. */
  record Wrong() implements PasswordCheck {}
}
