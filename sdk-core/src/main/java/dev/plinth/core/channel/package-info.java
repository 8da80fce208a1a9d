/**
 * Small messages to every node, best effort: a host's live updates to browsers that are connected
 * to whichever node. What must not be lost belongs in a table, or in a job.
 */
@NullMarked
package dev.plinth.core.channel;

import org.jspecify.annotations.NullMarked;
