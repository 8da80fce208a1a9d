package dev.plinth.jobs;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An instance that runs jobs, or still holds some.
 *
 * @param instanceId which one
 * @param name what the host calls the node; null when its row is gone
 * @param alive whether it lives, by the database's clock; what a dead one holds is rescued
 * @param workers how many jobs it runs at a time; 0 when it has said goodbye
 * @param claimed jobs that it holds: those that run and those that wait for a worker there
 */
public record NodeStatistics(
    UUID instanceId, @Nullable String name, boolean alive, int workers, JobCount claimed) {}
