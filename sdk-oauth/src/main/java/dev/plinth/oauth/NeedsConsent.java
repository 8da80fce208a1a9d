package dev.plinth.oauth;

import dev.plinth.core.spi.Args;
import java.util.UUID;

/**
 * There is no usable token and no way to get one without the user.
 *
 * @param userId whom to ask
 * @param provider where to send them
 * @param reason why
 */
public record NeedsConsent(UUID userId, String provider, Reason reason) implements Freshness {
  /** Why the user must be asked. */
  public enum Reason {
    /** Nothing was ever stored for this user and provider. */
    NEVER_GRANTED,
    /** The provider refused the refresh token ({@code invalid_grant}). */
    REJECTED,
    /** The access token has expired, and the provider gave no refresh token. */
    NO_REFRESH_TOKEN,
    /** It was revoked here. */
    REVOKED
  }

  /** Checks the arguments. */
  public NeedsConsent {
    Args.notNull(userId, "userId");
    Args.notNull(provider, "provider");
    Args.notNull(reason, "reason");
  }

  @Override
  public Fresh orElseThrow() {
    throw new ConsentNeededException(this);
  }
}
