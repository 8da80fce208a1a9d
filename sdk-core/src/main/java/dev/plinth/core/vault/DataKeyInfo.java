package dev.plinth.core.vault;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a data key, without the key.
 *
 * @param id stands in every value encrypted under it
 * @param epoch counts data keys from 1 on
 * @param keyId the key of the key ring that wraps it
 * @param uses values encrypted under it, as far as nodes have reported
 * @param createdAt when it was made
 * @param retiredAt since when no node begins to encrypt under it, or null
 * @param destroyedAt when it was given up for good, or null
 */
public record DataKeyInfo(
    UUID id,
    int epoch,
    String keyId,
    long uses,
    Instant createdAt,
    @Nullable Instant retiredAt,
    @Nullable Instant destroyedAt) {}
