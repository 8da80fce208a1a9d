package dev.plinth.oauth.internal.http;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A status, a body within bounds, and how long the provider wants to be left alone. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Reply(int status, byte[] body, @Nullable Duration retryAfter) {
  @Override
  public String toString() {
    return "Reply[" + status + ", " + body.length + " bytes]";
  }
}
