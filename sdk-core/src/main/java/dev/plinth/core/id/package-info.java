/**
 * Identifiers: UUID version 7 (RFC 9562), minted in the process, ordered by time.
 *
 * <p>Tables that are partitioned by time are partitioned by these ids.
 */
@NullMarked
package dev.plinth.core.id;

import org.jspecify.annotations.NullMarked;
