/**
 * Locks: named leases on the database's clock, each acquisition with a fencing number.
 *
 * <p>For hosts that let one process at a time do something that outlives a transaction. Start with
 * {@link dev.plinth.core.lock.Locks}.
 */
@NullMarked
package dev.plinth.core.lock;

import org.jspecify.annotations.NullMarked;
