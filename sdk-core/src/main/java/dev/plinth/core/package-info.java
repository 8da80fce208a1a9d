/**
 * The front door: {@link dev.plinth.core.Plinth} and its builder, and the root of every exception.
 *
 * <p>Hosts start reading here. Everything else in core is reached from a {@code Plinth}.
 */
@NullMarked
package dev.plinth.core;

import org.jspecify.annotations.NullMarked;
