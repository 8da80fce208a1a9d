package dev.plinth.oauth.internal.refresh;

import dev.plinth.oauth.AccessToken;
import dev.plinth.oauth.ErrorClass;
import dev.plinth.oauth.Fresh;
import dev.plinth.oauth.StoredToken;
import dev.plinth.oauth.internal.TokenKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A grant as one statement read it, its tokens decrypted. Everything about time was reckoned by the
 * database.
 *
 * @param remaining how long the access token still holds; negative when it has ended
 * @param lifetime how long it holds in all
 * @param fence the number of its newest lease
 * @param lease who is refreshing, or null
 * @param pause why no refresh may be sent yet, or null
 * @param failures refreshes that failed in a row
 */
record Grant(
    UUID id,
    TokenKey key,
    UUID providerId,
    StoredToken.Status status,
    @Nullable String statusReason,
    long version,
    @Nullable String accessToken,
    @Nullable String refreshToken,
    Set<String> scopes,
    Instant expiresAt,
    Duration remaining,
    Duration lifetime,
    long fence,
    @Nullable Lease lease,
    @Nullable Pause pause,
    int failures) {
  private static final Duration MAX_MARGIN = Duration.ofSeconds(30);

  /** A lease: whose, for which intent, and whether its time has passed. */
  record Lease(UUID owner, UUID refreshId, boolean expired) {}

  /** A time in which nobody asks the provider. */
  record Pause(ErrorClass errorClass, String error, Instant until) {}

  /**
   * Good enough to hand out without another thought: more than half a minute or a quarter is left.
   */
  boolean isFresh() {
    return accessToken != null && remaining.compareTo(margin()) > 0;
  }

  /** Still accepted by the provider, with a little time to get there: what one falls back on. */
  boolean isAlive() {
    return accessToken != null && remaining.compareTo(margin().dividedBy(5)) > 0;
  }

  /** How long it stays {@link #isFresh}. */
  Duration freshFor() {
    return remaining.minus(margin());
  }

  Fresh toFresh() {
    String token = accessToken;
    if (token == null) {
      throw new IllegalStateException("Grant " + id + " holds no access token");
    }
    return new Fresh(new AccessToken(token), expiresAt, scopes);
  }

  private Duration margin() {
    Duration quarter = lifetime.dividedBy(4);
    return quarter.compareTo(MAX_MARGIN) < 0 ? quarter : MAX_MARGIN;
  }

  @Override
  public String toString() {
    return "Grant[" + id + ", " + status + ", version " + version + "]";
  }
}
