/** The statements and the waiting behind {@link dev.plinth.core.lock.Locks}. */
@NullMarked
package dev.plinth.core.internal.lock;

import org.jspecify.annotations.NullMarked;
