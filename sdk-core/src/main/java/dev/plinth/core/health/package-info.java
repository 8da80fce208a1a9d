/**
 * Whether Plinth can work, and if not, what to do. Start with {@link
 * dev.plinth.core.health.Health}, which {@code plinth.health()} returns; modules contribute {@link
 * dev.plinth.core.health.HealthReading}s.
 */
@NullMarked
package dev.plinth.core.health;

import org.jspecify.annotations.NullMarked;
