package dev.plinth.oauth;

import dev.plinth.core.spi.Args;
import java.time.Instant;
import java.util.Set;

/**
 * An access token that can be used now.
 *
 * @param accessToken the token; its {@code toString} does not show it
 * @param expiresAt when it ends, by the database's clock
 * @param scopes what was granted; unmodifiable
 */
public record Fresh(AccessToken accessToken, Instant expiresAt, Set<String> scopes)
    implements Freshness {
  /** Checks the arguments. */
  public Fresh {
    Args.notNull(accessToken, "accessToken");
    Args.notNull(expiresAt, "expiresAt");
    scopes = Set.copyOf(Args.notNull(scopes, "scopes"));
  }

  @Override
  public Fresh orElseThrow() {
    return this;
  }
}
