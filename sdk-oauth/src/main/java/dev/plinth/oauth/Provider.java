package dev.plinth.oauth;

import dev.plinth.core.spi.Args;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An authorization server and this installation's client at it. Made by {@link #builder};
 * immutable.
 *
 * <p>Endpoints use {@code https}; {@code http} only on the loopback interface. {@link #toString()}
 * does not show the secret.
 *
 * @param name what the host calls it: lower-case letters, digits, {@code .}, {@code _} and {@code
 *     -}, at most 50
 * @param tokenEndpoint where tokens are refreshed (RFC 6749, section 3.2)
 * @param revocationEndpoint where tokens are revoked (RFC 7009), or null
 * @param clientId the client's id
 * @param clientSecret the client's secret, or null: for a public client, and in what {@link
 *     Providers} gives back
 * @param clientAuthentication how the client shows its secret
 * @param defaultExpiry lifetime of an access token whose answer names none
 * @param httpTimeout deadline of one call, answer included
 */
public record Provider(
    String name,
    URI tokenEndpoint,
    @Nullable URI revocationEndpoint,
    String clientId,
    @Nullable String clientSecret,
    ClientAuthentication clientAuthentication,
    Duration defaultExpiry,
    Duration httpTimeout) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,49}");

  /** Checks the arguments. */
  public Provider {
    requireName(name);
    requireEndpoint(tokenEndpoint, "tokenEndpoint");
    if (revocationEndpoint != null) {
      requireEndpoint(revocationEndpoint, "revocationEndpoint");
    }
    Args.text(clientId, 1000, "clientId");
    if (clientSecret != null) {
      Args.text(clientSecret, 10_000, "clientSecret");
    }
    Args.notNull(clientAuthentication, "clientAuthentication");
    Args.positive(defaultExpiry, "defaultExpiry");
    Args.check(
        defaultExpiry.compareTo(Duration.ofDays(36_500)) <= 0,
        "defaultExpiry must be at most 36,500 days, but is " + defaultExpiry);
    Args.notNull(httpTimeout, "httpTimeout");
    Args.range(httpTimeout.toMillis(), 10, 300_000, "httpTimeout in milliseconds");
  }

  /** Begins a provider: name, token endpoint and client id must be given. */
  public static Builder builder(String name) {
    return new Builder(name);
  }

  /** The name, if it can be one. */
  static String requireName(@Nullable String name) {
    return Args.matching(
        name,
        NAME,
        "1 to 50 lower-case letters, digits, or any of . _ -, beginning with a letter or digit",
        "provider");
  }

  private static void requireEndpoint(@Nullable URI endpoint, String name) {
    URI given = Args.notNull(endpoint, name);
    Args.check(given.toString().length() <= 2048, name + " must have at most 2048 characters");
    Args.check(given.getHost() != null, name + " must be an absolute address with a host");
    Args.check(given.getRawUserInfo() == null, name + " must not contain a user or a password");
    Args.check(given.getRawFragment() == null, name + " must not have a fragment");
    String scheme = String.valueOf(given.getScheme()).toLowerCase(Locale.ROOT);
    Args.check(
        scheme.equals("https") || (scheme.equals("http") && isLoopback(given.getHost())),
        name + " must begin with https:// (http:// is accepted on the loopback interface only)");
  }

  /** By the text alone: a name that happens to resolve to loopback today is not enough. */
  private static boolean isLoopback(String host) {
    return host.equals("localhost")
        || host.equals("[::1]")
        || host.matches("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}");
  }

  @Override
  public String toString() {
    return "Provider[" + name + ", " + tokenEndpoint + ", client " + clientId + "]";
  }

  /**
   * Collects a provider's settings. Defaults: authentication by {@code client_secret_basic} when
   * there is a secret and none otherwise, expiry one hour, timeout ten seconds. Not safe for use by
   * many threads.
   */
  public static final class Builder {
    private final String name;
    private @Nullable URI tokenEndpoint;
    private @Nullable URI revocationEndpoint;
    private @Nullable String clientId;
    private @Nullable String clientSecret;
    private @Nullable ClientAuthentication authentication;
    private Duration defaultExpiry = Duration.ofHours(1);
    private Duration httpTimeout = Duration.ofSeconds(10);

    private Builder(String name) {
      this.name = requireName(name);
    }

    /** Where tokens are refreshed. */
    public Builder tokenEndpoint(URI endpoint) {
      this.tokenEndpoint = Args.notNull(endpoint, "tokenEndpoint");
      return this;
    }

    /** As {@link #tokenEndpoint(URI)}. */
    public Builder tokenEndpoint(String endpoint) {
      return tokenEndpoint(uri(endpoint, "tokenEndpoint"));
    }

    /** Where tokens are revoked (RFC 7009). */
    public Builder revocationEndpoint(URI endpoint) {
      this.revocationEndpoint = Args.notNull(endpoint, "revocationEndpoint");
      return this;
    }

    /** As {@link #revocationEndpoint(URI)}. */
    public Builder revocationEndpoint(String endpoint) {
      return revocationEndpoint(uri(endpoint, "revocationEndpoint"));
    }

    /** The client's id. */
    public Builder clientId(String clientId) {
      this.clientId = Args.text(clientId, 1000, "clientId");
      return this;
    }

    /** The client's secret; stored encrypted by the vault. */
    public Builder clientSecret(String clientSecret) {
      this.clientSecret = Args.text(clientSecret, 10_000, "clientSecret");
      return this;
    }

    /** How the client shows its secret. */
    public Builder clientAuthentication(ClientAuthentication authentication) {
      this.authentication = Args.notNull(authentication, "clientAuthentication");
      return this;
    }

    /** Lifetime of an access token whose answer names none. */
    public Builder defaultExpiry(Duration expiry) {
      this.defaultExpiry = Args.positive(expiry, "defaultExpiry");
      return this;
    }

    /** Deadline of one call, answer included; must be shorter than the refresh lease. */
    public Builder httpTimeout(Duration timeout) {
      this.httpTimeout = Args.positive(timeout, "httpTimeout");
      return this;
    }

    /**
     * Makes the provider.
     *
     * @throws IllegalArgumentException when something is missing or malformed, naming it
     */
    public Provider build() {
      ClientAuthentication chosen =
          authentication != null
              ? authentication
              : clientSecret == null
                  ? ClientAuthentication.NONE
                  : ClientAuthentication.CLIENT_SECRET_BASIC;
      Args.check(
          chosen != ClientAuthentication.NONE || clientSecret == null,
          "clientSecret must not be given with the authentication NONE");
      return new Provider(
          name,
          Args.notNull(tokenEndpoint, "tokenEndpoint"),
          revocationEndpoint,
          Args.notNull(clientId, "clientId"),
          clientSecret,
          chosen,
          defaultExpiry,
          httpTimeout);
    }

    private static URI uri(String text, String name) {
      try {
        return URI.create(Args.text(text, 2048, name));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(name + " must be an address (RFC 3986)", e);
      }
    }
  }
}
