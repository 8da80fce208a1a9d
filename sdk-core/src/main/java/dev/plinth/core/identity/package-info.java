/**
 * Users: accounts with the host's own key, found, changed and deactivated.
 *
 * <p>Start with {@link dev.plinth.core.identity.Users}.
 */
@NullMarked
package dev.plinth.core.identity;

import org.jspecify.annotations.NullMarked;
