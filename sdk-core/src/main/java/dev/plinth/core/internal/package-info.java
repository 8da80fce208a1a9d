/**
 * How core is put together. Nothing outside core may come here; start with {@link
 * dev.plinth.core.internal.Core}.
 */
@NullMarked
package dev.plinth.core.internal;

import org.jspecify.annotations.NullMarked;
