package dev.plinth.oauth;

import dev.plinth.core.spi.Args;

/**
 * An access token. {@link #toString()} does not show it, so that it does not end up in a log;
 * {@link #value()} does. Immutable.
 *
 * @param value what goes into the {@code Authorization} header
 */
public record AccessToken(String value) {
  /** Checks the argument. */
  public AccessToken {
    Args.text(value, Integer.MAX_VALUE, "value");
  }

  /** The value of an {@code Authorization} header (RFC 6750, section 2.1). */
  public String asBearer() {
    return "Bearer " + value;
  }

  @Override
  public String toString() {
    return "AccessToken[redacted]";
  }
}
