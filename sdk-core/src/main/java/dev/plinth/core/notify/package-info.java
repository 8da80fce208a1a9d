/**
 * Notifications: one LISTEN connection per Plinth, fanned out to everyone in the process.
 *
 * <p>A notification is only a hint. Whoever listens also polls. Start with {@link
 * dev.plinth.core.notify.Notifications}.
 */
@NullMarked
package dev.plinth.core.notify;

import org.jspecify.annotations.NullMarked;
