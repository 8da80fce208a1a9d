/**
 * Instances: one row per incarnation of a running Plinth, one heartbeat for everything it does.
 *
 * <p>Job workers, leases and maintenance hang on an instance; nothing else in the SDK heartbeats.
 * Start with {@link dev.plinth.core.instance.Instances}.
 */
@NullMarked
package dev.plinth.core.instance;

import org.jspecify.annotations.NullMarked;
