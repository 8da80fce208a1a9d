package dev.plinth.oauth;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One row of {@code oauth2_token_refreshes}: a refresh or a revocation.
 *
 * @param id its id, a UUIDv7
 * @param kind refresh or revocation
 * @param baseVersion the version of the grant whose token was sent
 * @param attempt how often that token has been sent, this time included, as far as anyone knows
 * @param outcome what came of it
 * @param errorClass class of the failure, or null
 * @param error the failure in a word, or null
 * @param httpStatus status of the provider's answer, or null when there was none
 * @param instanceId the instance that called, or null when it was not running
 * @param startedAt when the intent was written
 * @param finishedAt when the outcome was written, or null while nobody knows it
 */
public record TokenRefresh(
    UUID id,
    Kind kind,
    long baseVersion,
    int attempt,
    Outcome outcome,
    @Nullable ErrorClass errorClass,
    @Nullable String error,
    @Nullable Integer httpStatus,
    @Nullable UUID instanceId,
    Instant startedAt,
    @Nullable Instant finishedAt) {
  /** What was done. */
  public enum Kind {
    /** New tokens were asked for. */
    REFRESH,
    /** The provider was told to forget them. */
    REVOCATION
  }

  /** What came of it. */
  public enum Outcome {
    /** The call is under way, or its process has died and nobody has noticed yet. */
    PENDING,
    /** Done. */
    SUCCEEDED,
    /** An answer came, and another one had been first. */
    SUPERSEDED,
    /** An answer was kept aside and used later. */
    ADOPTED,
    /** The provider refused, or could not be reached. */
    FAILED,
    /** The provider refused for good. */
    NEEDS_CONSENT,
    /** The provider may or may not have acted. */
    UNKNOWN,
    /** The call was not sent, because it would have been too late. */
    NOT_SENT
  }

  /** From the intent to the outcome, by the database's clock; empty while there is none. */
  public Optional<Duration> duration() {
    return finishedAt == null
        ? Optional.empty()
        : Optional.of(Duration.between(startedAt, finishedAt));
  }
}
