/**
 * Reads that may go to a replica: where they go, how stale they may be, and the token by which one
 * reads one's own writes. Start with {@link dev.plinth.core.read.Reads}.
 */
@NullMarked
package dev.plinth.core.read;

import org.jspecify.annotations.NullMarked;
