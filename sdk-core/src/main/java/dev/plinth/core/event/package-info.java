/**
 * Facts that modules announce and others listen to, inside the transaction or after its commit.
 *
 * <p>Start with {@link dev.plinth.core.event.Events}. Whatever one module must tell another goes
 * through here; no broker, no reflection.
 */
@NullMarked
package dev.plinth.core.event;

import org.jspecify.annotations.NullMarked;
