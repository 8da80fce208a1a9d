package dev.plinth.jobs;

/**
 * An attempt that was made by hand. How it ended is told by {@link JobQueue#attempts} under its
 * epoch.
 *
 * @param id the job
 * @param type the name of its kind
 * @param attempt number of the attempt, from 1 on
 * @param epoch number of the claim, from 1 on
 */
public record ManualRun(JobId id, String type, int attempt, int epoch) {}
