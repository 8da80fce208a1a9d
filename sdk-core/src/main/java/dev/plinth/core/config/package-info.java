/**
 * Settings of the installation: typed, with their defaults in code, changed at run time, seen by
 * every node within a second, and with a history of who changed what and why.
 *
 * <p>Declare a {@link dev.plinth.core.config.Setting} as a constant and read it with {@code
 * plinth.configuration().get(…)}, which answers from memory.
 */
@NullMarked
package dev.plinth.core.config;

import org.jspecify.annotations.NullMarked;
