/** What stands behind {@link dev.plinth.core.channel.Channel}. */
@NullMarked
package dev.plinth.core.internal.channel;

import org.jspecify.annotations.NullMarked;
