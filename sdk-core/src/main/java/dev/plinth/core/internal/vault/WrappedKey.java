package dev.plinth.core.internal.vault;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code vault_data_keys}, as far as it is needed to use it.
 *
 * @param wrapped null once destroyed
 * @param uses values encrypted under it, as far as nodes have reported
 * @param spent whether a new epoch should begin
 */
@SuppressWarnings("ArrayRecordComponent") // read once, never compared
record WrappedKey(UUID id, String keyId, byte @Nullable [] wrapped, long uses, boolean spent) {}
