/**
 * How health is asked for and judged. Reached through {@code Plinth} only; start with {@link
 * dev.plinth.core.internal.health.HealthCheck}.
 */
@NullMarked
package dev.plinth.core.internal.health;

import org.jspecify.annotations.NullMarked;
