package dev.plinth.core.password;

import java.util.UUID;

/** What became of an attempt to log in. */
public sealed interface LogIn {
  /**
   * Address or name and password belong together, and the user is active.
   *
   * @param userId who it is; begin a session for them
   */
  record LoggedIn(UUID userId) implements LogIn {}

  /**
   * No such user, no password, the wrong one, or the password was changed or the user deactivated
   * just now. Which of them is not told here. Where there is nothing to compare with, a hash of the
   * options' cost is computed all the same, so that the time tells no more than this: an account
   * whose hash is bcrypt, or Argon2id of another cost, takes the time of that hash until its owner
   * logs in; and a change just now takes more time, for callers with the password of before.
   */
  record Denied() implements LogIn {}

  /**
   * The password is right, but the user is deactivated. Telling the person so is safe: it takes the
   * password to come here.
   *
   * @param userId who it is
   */
  record Inactive(UUID userId) implements LogIn {}
}
