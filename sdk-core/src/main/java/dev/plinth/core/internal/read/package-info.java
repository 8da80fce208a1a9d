/**
 * Where reads go and how far the replica must be. Reached through {@code Plinth} only; start with
 * {@link dev.plinth.core.internal.read.RoutedReads}.
 */
@NullMarked
package dev.plinth.core.internal.read;

import org.jspecify.annotations.NullMarked;
