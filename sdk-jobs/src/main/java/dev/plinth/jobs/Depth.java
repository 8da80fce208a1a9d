package dev.plinth.jobs;

/**
 * Where the jobs stand that have not ended.
 *
 * @param ready those that may be claimed now
 * @param scheduled those whose time has not come
 * @param retrying those that wait out a backoff
 * @param parked those that wait to be let through by a limit
 * @param waiting those that wait for other jobs
 * @param running those that an instance has claimed, whether or not a worker has begun them
 */
public record Depth(
    JobCount ready,
    JobCount scheduled,
    JobCount retrying,
    JobCount parked,
    JobCount waiting,
    JobCount running) {}
