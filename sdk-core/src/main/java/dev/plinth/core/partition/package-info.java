/**
 * Partitions by time of tables whose key is a UUIDv7: made ahead, dropped whole.
 *
 * <p>Start with {@link dev.plinth.core.partition.Partitions}.
 */
@NullMarked
package dev.plinth.core.partition;

import org.jspecify.annotations.NullMarked;
