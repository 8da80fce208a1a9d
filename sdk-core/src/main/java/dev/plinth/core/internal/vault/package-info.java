/** AES-256-GCM behind {@link dev.plinth.core.vault.Vault}. */
@NullMarked
package dev.plinth.core.internal.vault;

import org.jspecify.annotations.NullMarked;
