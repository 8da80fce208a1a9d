/**
 * The SQL behind {@link dev.plinth.core.access.Roles} and {@link dev.plinth.core.access.Access}, as
 * text, since it is the locks that matter in it.
 */
@NullMarked
package dev.plinth.core.internal.access;

import org.jspecify.annotations.NullMarked;
