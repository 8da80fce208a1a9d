package dev.plinth.core.credential;

import dev.plinth.core.spi.Args;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a credential keeps secret. Immutable; no {@code toString} tells any of it. */
public sealed interface Secret {
  /** The most characters in each part of a secret. */
  int MAX_LENGTH = 100_000;

  /** What kind of secret it is. */
  CredentialType type();

  /**
   * The tokens of an OAuth 2.0 grant (RFC 6749).
   *
   * @param accessToken the access token
   * @param refreshToken the refresh token, or null
   * @param expiresAt when the access token expires, or null when nobody said; the one part that is
   *     also stored outside the encrypted value, so that SQL can find what expires
   * @param scopes what was granted, at most 1,000 of at most 1,000 characters
   */
  record OAuth2(
      String accessToken,
      @Nullable String refreshToken,
      @Nullable Instant expiresAt,
      Set<String> scopes)
      implements Secret {
    private static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");
    private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999999Z");

    /** Checks the arguments. */
    public OAuth2 {
      Args.text(accessToken, MAX_LENGTH, "accessToken");
      if (refreshToken != null) {
        Args.text(refreshToken, MAX_LENGTH, "refreshToken");
      }
      if (expiresAt != null) {
        Args.check(
            !expiresAt.isBefore(EARLIEST) && !expiresAt.isAfter(LATEST),
            "expiresAt must lie between the years 1 and 9999");
      }
      Args.range(Args.notNull(scopes, "scopes").size(), 0, 1000, "the number of scopes");
      for (String scope : scopes) {
        Args.text(scope, 1000, "a scope");
      }
      scopes = java.util.Collections.unmodifiableSet(new LinkedHashSet<>(scopes));
    }

    @Override
    public CredentialType type() {
      return CredentialType.OAUTH2;
    }

    @Override
    public String toString() {
      return "OAuth2[hidden]";
    }
  }

  /**
   * A key for somebody else's API.
   *
   * @param key the key
   */
  record ApiKey(String key) implements Secret {
    /** Checks the argument. */
    public ApiKey {
      Args.text(key, MAX_LENGTH, "key");
    }

    @Override
    public CredentialType type() {
      return CredentialType.API_KEY;
    }

    @Override
    public String toString() {
      return "ApiKey[hidden]";
    }
  }

  /**
   * A name and a password (RFC 7617).
   *
   * @param username the name, which may be empty
   * @param password the password, which may be empty
   */
  record BasicAuth(String username, String password) implements Secret {
    /** Checks the arguments. */
    public BasicAuth {
      Args.bounded(username, MAX_LENGTH, "username");
      Args.bounded(password, MAX_LENGTH, "password");
    }

    @Override
    public CredentialType type() {
      return CredentialType.BASIC_AUTH;
    }

    @Override
    public String toString() {
      return "BasicAuth[hidden]";
    }
  }
}
