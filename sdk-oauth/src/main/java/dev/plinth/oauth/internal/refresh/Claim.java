package dev.plinth.oauth.internal.refresh;

import dev.plinth.oauth.internal.TokenKey;
import dev.plinth.oauth.internal.provider.Client;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/**
 * The right to send one refresh: the lease is ours and the intent is written.
 *
 * @param refreshId the intent
 * @param instance under which it was claimed
 * @param baseVersion the version whose refresh token is sent; the answer is written over no other
 * @param fence the lease's number
 * @param attempt how often this refresh token has been sent, this time included
 * @param startedAt when the intent was written, by the database's clock
 * @param timeout deadline of the call
 * @param sendBeforeNanos the last moment to send, by {@link System#nanoTime}: an answer within the
 *     timeout is then still within the lease
 * @param failures refreshes that failed in a row before this one
 */
record Claim(
    UUID tokenId,
    TokenKey key,
    UUID refreshId,
    UUID instance,
    long baseVersion,
    long fence,
    int attempt,
    Instant startedAt,
    Client client,
    String refreshToken,
    Duration timeout,
    long sendBeforeNanos,
    int failures) {
  @Override
  public String toString() {
    return "Claim[token " + tokenId + ", refresh " + refreshId + ", attempt " + attempt + "]";
  }
}
