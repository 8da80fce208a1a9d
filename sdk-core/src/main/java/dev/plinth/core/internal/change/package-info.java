/**
 * How the caches of every node learn what they must forget. Start reading at {@link
 * dev.plinth.core.internal.change.ChangeFeed}.
 */
@NullMarked
package dev.plinth.core.internal.change;

import org.jspecify.annotations.NullMarked;
