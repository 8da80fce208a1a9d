package dev.plinth.jobs.internal;

import java.time.Duration;
import java.util.Set;

/**
 * What the builder collected for running jobs.
 *
 * @param workers handlers at work at a time
 * @param queues the queues to claim from
 * @param pollInterval how often to look without being told
 * @param gracePeriod how long a closing instance waits for handlers
 * @param caps how many jobs of a queue or type may be at work here
 * @param charging which jobs are charged to their users
 */
public record DispatcherSettings(
    int workers,
    Set<String> queues,
    Duration pollInterval,
    Duration gracePeriod,
    NodeCaps caps,
    Charging charging) {}
