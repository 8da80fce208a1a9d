/** SQL and rules behind {@link dev.plinth.core.session.Sessions}. */
@NullMarked
package dev.plinth.core.internal.session;

import org.jspecify.annotations.NullMarked;
