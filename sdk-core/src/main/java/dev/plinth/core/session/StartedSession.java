package dev.plinth.core.session;

import dev.plinth.core.spi.Args;

/**
 * A session with its token: the only time that the token can be seen. Not a record, so that no
 * {@code toString}, {@code equals} or serialiser gets at the secret by itself. Immutable.
 */
public final class StartedSession {
  private final Session session;
  private final String token;

  /** A session and its token. */
  public StartedSession(Session session, String token) {
    this.session = Args.notNull(session, "session");
    this.token = Args.notNull(token, "token");
  }

  /** The row, without the secret. */
  public Session session() {
    return session;
  }

  /**
   * The token, for a cookie that is {@code Secure}, {@code HttpOnly} and {@code SameSite}. Letters,
   * digits and underscores, 44 characters.
   */
  public String revealToken() {
    return token;
  }

  @Override
  public String toString() {
    return "StartedSession[" + session.id() + "]";
  }
}
