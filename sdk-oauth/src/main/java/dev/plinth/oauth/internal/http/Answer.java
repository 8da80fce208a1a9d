package dev.plinth.oauth.internal.http;

import dev.plinth.oauth.ErrorClass;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a provider answered, or that it did not. */
public sealed interface Answer {
  /**
   * New tokens. What the provider left out is null: the refresh token and the scopes are then as
   * before, the lifetime is the provider's default.
   *
   * @param expiresInSeconds lifetime of the access token from the request on
   */
  record NewTokens(
      String accessToken,
      @Nullable String refreshToken,
      @Nullable String idToken,
      @Nullable String tokenType,
      @Nullable Long expiresInSeconds,
      @Nullable Set<String> scopes)
      implements Answer {
    @Override
    public String toString() {
      return "NewTokens[redacted]";
    }
  }

  /** The call did what it should and there is nothing to read; only of revocations. */
  record Done() implements Answer {}

  /**
   * No tokens.
   *
   * @param error a word without any text of the provider's own, which might repeat a secret
   * @param httpStatus null when no answer came
   * @param retryAfter how long the provider wants to be left alone, or null
   */
  record Failed(
      ErrorClass errorClass,
      String error,
      @Nullable Integer httpStatus,
      @Nullable Duration retryAfter)
      implements Answer {
    /** The error of a call that ended in the TLS handshake. */
    static final String TLS_REFUSED = "tls_refused";

    /** The client itself is refused; the last is GitHub's word for the first. */
    private static final Set<String> OF_THE_CLIENT =
        Set.of(
            "invalid_client",
            "unauthorized_client",
            "unsupported_grant_type",
            "incorrect_client_credentials");

    /** Whether every grant at the provider would fail so; what else is refused is one grant's. */
    public boolean concernsEveryGrant() {
      return errorClass == ErrorClass.CONFIGURATION
          && (OF_THE_CLIENT.contains(error)
              || error.equals(TLS_REFUSED)
              || (httpStatus != null && httpStatus >= 300 && httpStatus < 400));
    }

    /** Without an answer. */
    static Failed without(ErrorClass errorClass, String error) {
      return new Failed(errorClass, error, null, null);
    }
  }
}
