/**
 * Passwords of local accounts: hashed with Argon2id, checked without telling who exists.
 *
 * <p>Used by hosts through {@code plinth.passwords()}. Start with {@link
 * dev.plinth.core.password.Passwords}.
 */
@NullMarked
package dev.plinth.core.password;

import org.jspecify.annotations.NullMarked;
