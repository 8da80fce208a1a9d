/**
 * Meters for Micrometer, an optional dependency: nothing else in Plinth names its types, and hosts
 * without it never load this package. Start with {@link dev.plinth.core.metrics.PlinthMeters}.
 */
@NullMarked
package dev.plinth.core.metrics;

import org.jspecify.annotations.NullMarked;
