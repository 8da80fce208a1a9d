/** Hashing and SQL behind {@link dev.plinth.core.password.Passwords}. */
@NullMarked
package dev.plinth.core.internal.password;

import org.jspecify.annotations.NullMarked;
