/** LISTEN and NOTIFY behind {@link dev.plinth.core.notify.Notifications}. */
@NullMarked
package dev.plinth.core.internal.notify;

import org.jspecify.annotations.NullMarked;
