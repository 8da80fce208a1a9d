/**
 * The queries behind diagnostics, one class per question. Reached through {@code Plinth} only;
 * start with {@link dev.plinth.core.internal.diagnostics.Diagnose}.
 */
@NullMarked
package dev.plinth.core.internal.diagnostics;

import org.jspecify.annotations.NullMarked;
