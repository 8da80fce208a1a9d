/**
 * Secrets that users keep for other systems: OAuth 2.0 tokens, API keys, names with passwords. Each
 * is one value, encrypted by the vault and bound to its row.
 *
 * <p>Start with {@link dev.plinth.core.credential.Credentials}.
 */
@NullMarked
package dev.plinth.core.credential;

import org.jspecify.annotations.NullMarked;
