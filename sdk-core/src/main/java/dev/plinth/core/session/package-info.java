/**
 * Log-in sessions: a random token that the browser or device keeps, and a row that says who it is,
 * until when, and on what device.
 *
 * <p>Used by hosts through {@code plinth.sessions()}. Start with {@link
 * dev.plinth.core.session.Sessions}.
 */
@NullMarked
package dev.plinth.core.session;

import org.jspecify.annotations.NullMarked;
