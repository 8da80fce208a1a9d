package dev.plinth.core.internal.vault;

import java.util.UUID;

/** A row of {@code vault_data_keys}, as far as it is needed to unwrap it. */
@SuppressWarnings("ArrayRecordComponent") // read once, never compared
record WrappedKey(UUID id, String keyId, byte[] wrapped) {}
