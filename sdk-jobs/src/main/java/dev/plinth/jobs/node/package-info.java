/**
 * Machines that are registered to stay: what they are, whether they are heard of, what they said
 * and when their status changed. Hosts reach it by {@code jobs.nodes()}; an instance of Plinth,
 * which comes and goes with its process, may say on which node it runs.
 *
 * <p>Start with {@link dev.plinth.jobs.node.Nodes}.
 */
@NullMarked
package dev.plinth.jobs.node;

import org.jspecify.annotations.NullMarked;
