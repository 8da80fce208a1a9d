package dev.plinth.jobs;

/**
 * Jobs of one type in one queue.
 *
 * @param queue the queue
 * @param type the name of their kind
 * @param depth where those stand that have not ended
 * @param lastMinute what ended since the minute before this one began
 * @param lastHour what ended within the sixty minutes before this one, and in this one
 */
public record TypeStatistics(
    String queue, String type, Depth depth, Throughput lastMinute, Throughput lastHour) {}
