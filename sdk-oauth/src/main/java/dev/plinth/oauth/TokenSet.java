package dev.plinth.oauth;

import dev.plinth.core.spi.Args;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The tokens that a provider handed out at once (RFC 6749, section 5.1). Start from {@link #of} and
 * add to it; immutable. {@link #toString()} shows none of them.
 *
 * @param accessToken the access token
 * @param refreshToken the refresh token, or null when there is none
 * @param idToken the OpenID Connect id token, or null when there is none
 * @param tokenType normally {@code Bearer}
 * @param expiresIn the access token's lifetime from now, or null for the provider's default
 * @param scopes what was granted; unmodifiable
 */
public record TokenSet(
    String accessToken,
    @Nullable String refreshToken,
    @Nullable String idToken,
    String tokenType,
    @Nullable Duration expiresIn,
    Set<String> scopes) {
  private static final int MAX_TOKEN = 1_000_000;

  /** Checks the arguments. */
  public TokenSet {
    Args.text(accessToken, MAX_TOKEN, "accessToken");
    if (refreshToken != null) {
      Args.text(refreshToken, MAX_TOKEN, "refreshToken");
    }
    if (idToken != null) {
      Args.text(idToken, MAX_TOKEN, "idToken");
    }
    Args.text(tokenType, 50, "tokenType");
    if (expiresIn != null) {
      Args.check(!expiresIn.isNegative(), "expiresIn must not be negative, but is " + expiresIn);
      Args.check(
          expiresIn.compareTo(Duration.ofDays(36_500)) <= 0,
          "expiresIn must be at most 36,500 days, but is " + expiresIn);
    }
    scopes = Set.copyOf(Args.notNull(scopes, "scopes"));
    for (String scope : scopes) {
      Args.text(scope, 1000, "scopes");
    }
  }

  /** An access token alone. */
  public static TokenSet of(String accessToken) {
    return new TokenSet(accessToken, null, null, "Bearer", null, Set.of());
  }

  /** The same with a refresh token. */
  public TokenSet refreshToken(String refreshToken) {
    return new TokenSet(accessToken, refreshToken, idToken, tokenType, expiresIn, scopes);
  }

  /** The same with an id token. */
  public TokenSet idToken(String idToken) {
    return new TokenSet(accessToken, refreshToken, idToken, tokenType, expiresIn, scopes);
  }

  /** The same with another token type. */
  public TokenSet tokenType(String tokenType) {
    return new TokenSet(accessToken, refreshToken, idToken, tokenType, expiresIn, scopes);
  }

  /** The same with a lifetime from now. */
  public TokenSet expiresIn(Duration expiresIn) {
    return new TokenSet(accessToken, refreshToken, idToken, tokenType, expiresIn, scopes);
  }

  /** The same with the granted scopes. */
  public TokenSet scopes(String... scopes) {
    return new TokenSet(accessToken, refreshToken, idToken, tokenType, expiresIn, Set.of(scopes));
  }

  @Override
  public String toString() {
    return "TokenSet[redacted, expiresIn=" + expiresIn + ", scopes=" + scopes + "]";
  }
}
