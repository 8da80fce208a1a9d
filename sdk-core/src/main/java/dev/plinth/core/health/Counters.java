package dev.plinth.core.health;

/**
 * What one Plinth has done since it was built, counted in memory: for meters. Each number only
 * grows.
 *
 * @param committed transactions of Plinth's own that committed
 * @param rolledBack those that did not, the repeated ones included
 * @param outcomeUnknown those whose connection was lost during the commit, or during what commits
 *     by itself
 * @param repeated those begun again after a serialization failure or a deadlock
 * @param readsOnReplica reads that allow staleness and were begun on the replica
 * @param readsBehind those the replica was not far enough for, or could not be judged
 * @param readsAway those that found no replica
 * @param readsBrokenOff those the replica broke off and the primary repeated
 * @param batches group commits
 * @param batchItems what was handed in to them
 */
public record Counters(
    long committed,
    long rolledBack,
    long outcomeUnknown,
    long repeated,
    long readsOnReplica,
    long readsBehind,
    long readsAway,
    long readsBrokenOff,
    long batches,
    long batchItems) {}
