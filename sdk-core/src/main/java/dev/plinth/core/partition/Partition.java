package dev.plinth.core.partition;

import java.time.Instant;

/**
 * One partition.
 *
 * @param name the child table's name
 * @param from where its range begins, included
 * @param to where its range ends, not included
 */
public record Partition(String name, Instant from, Instant to) {}
