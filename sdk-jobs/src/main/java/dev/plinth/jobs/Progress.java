package dev.plinth.jobs;

import org.jspecify.annotations.Nullable;

/**
 * How far a job is.
 *
 * @param done units done
 * @param total units in all; 0 when not known
 * @param note what it is doing, or null
 */
public record Progress(long done, long total, @Nullable String note) {}
