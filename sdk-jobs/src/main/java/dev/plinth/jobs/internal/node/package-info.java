/**
 * The statements behind {@link dev.plinth.jobs.node.Nodes}. Start with {@link
 * dev.plinth.jobs.internal.node.NodeRepository}; what moves a status is in {@link
 * dev.plinth.jobs.internal.node.Transitions}, whoever asks for it.
 */
@NullMarked
package dev.plinth.jobs.internal.node;

import org.jspecify.annotations.NullMarked;
