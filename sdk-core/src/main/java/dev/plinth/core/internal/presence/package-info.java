/**
 * What a node holds, and the statements, behind {@link dev.plinth.core.presence.LiveConnections}.
 */
@NullMarked
package dev.plinth.core.internal.presence;

import org.jspecify.annotations.NullMarked;
