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
   * No such user, no password, the wrong one, or it was changed just now. Which of them is not
   * told, here or by the time it takes.
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
