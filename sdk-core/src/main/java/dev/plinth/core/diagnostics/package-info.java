/**
 * What goes on in the database, for the person who looks into a slow or growing one. Start with
 * {@link dev.plinth.core.diagnostics.Diagnostics}, which {@code plinth.diagnostics()} returns.
 */
@NullMarked
package dev.plinth.core.diagnostics;

import org.jspecify.annotations.NullMarked;
