/** The SQL behind {@link dev.plinth.core.identity.Users}. */
@NullMarked
package dev.plinth.core.internal.identity;

import org.jspecify.annotations.NullMarked;
