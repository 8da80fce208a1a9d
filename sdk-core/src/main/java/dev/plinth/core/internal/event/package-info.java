/** The in-process event bus behind {@link dev.plinth.core.event.Events}. */
@NullMarked
package dev.plinth.core.internal.event;

import org.jspecify.annotations.NullMarked;
