/**
 * Encryption of what must not lie in the clear: AES-256-GCM under a rotatable key ring.
 *
 * <p>Start with {@link dev.plinth.core.vault.Vault}.
 */
@NullMarked
package dev.plinth.core.vault;

import org.jspecify.annotations.NullMarked;
