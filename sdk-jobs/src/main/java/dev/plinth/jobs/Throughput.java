package dev.plinth.jobs;

import java.time.Duration;

/**
 * Attempts that ended within a stretch of time. The numbers of attempts are exact: an attempt is
 * counted in the transaction that ends it, by the database's clock, and none is counted twice.
 * Times are in whole milliseconds; percentiles are the upper bound of a class of times (10 ms, 30,
 * 100 and so on to 3,000 seconds), so at most about three times too long and never longer than the
 * longest.
 *
 * @param window how long the stretch is, up to the moment of reading
 * @param completed jobs that ended well
 * @param failed jobs that ended in failure: dead letters
 * @param cancelled jobs that were cancelled while they ran
 * @param retried attempts that failed and are followed by another
 * @param lost attempts whose instance died
 * @param snoozed attempts that put themselves off
 * @param meanRun from claim to end, on average, of all but the lost
 * @param medianRun half of them took at most this long
 * @param p95Run 95 of a hundred took at most this long
 * @param p99Run 99 of a hundred took at most this long
 * @param longestRun the longest of them
 * @param meanWait from when a job was due until its first attempt was claimed, on average, of jobs
 *     that ended in their first attempt
 * @param longestWait the longest of these
 */
public record Throughput(
    Duration window,
    long completed,
    long failed,
    long cancelled,
    long retried,
    long lost,
    long snoozed,
    Duration meanRun,
    Duration medianRun,
    Duration p95Run,
    Duration p99Run,
    Duration longestRun,
    Duration meanWait,
    Duration longestWait) {
  /** Jobs that ended well, per second. */
  public double completedPerSecond() {
    return window.isZero() ? 0 : completed / (window.toNanos() / 1e9);
  }
}
