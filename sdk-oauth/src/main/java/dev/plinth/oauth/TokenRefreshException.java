package dev.plinth.oauth;

import dev.plinth.core.PlinthException;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A refresh was needed and failed, without the grant being lost: {@link #errorClass()} says what
 * kind of failure it was and {@link #retryAt()} when another attempt will be made.
 */
public final class TokenRefreshException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID userId;
  private final String provider;
  private final ErrorClass errorClass;
  private final String error;
  private final @Nullable Instant retryAt;

  /** With what failed and what to do about it. */
  public TokenRefreshException(
      UUID userId,
      String provider,
      ErrorClass errorClass,
      String error,
      @Nullable Instant retryAt,
      String whatToDo) {
    super(
        "The token of user "
            + userId
            + " at "
            + provider
            + " could not be refreshed ("
            + errorClass
            + ", "
            + error
            + "): "
            + whatToDo);
    this.userId = userId;
    this.provider = provider;
    this.errorClass = errorClass;
    this.error = error;
    this.retryAt = retryAt;
  }

  /** Whose token. */
  public UUID userId() {
    return userId;
  }

  /** At which provider. */
  public String provider() {
    return provider;
  }

  /** What the failure means for the next attempt. */
  public ErrorClass errorClass() {
    return errorClass;
  }

  /** The failure in a word: a registered OAuth error code or one of Plinth's. */
  public String error() {
    return error;
  }

  /** When the next attempt will be made, by the database's clock; empty when at the next call. */
  public Optional<Instant> retryAt() {
    return Optional.ofNullable(retryAt);
  }
}
