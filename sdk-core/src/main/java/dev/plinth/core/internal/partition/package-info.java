/** The DDL behind {@link dev.plinth.core.partition.Partitions}. */
@NullMarked
package dev.plinth.core.internal.partition;

import org.jspecify.annotations.NullMarked;
