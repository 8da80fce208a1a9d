package dev.plinth.jobs;

/**
 * A job that a waiting one still waits for.
 *
 * @param parent the job that must end first
 * @param onFailure what happens if it does not complete
 */
public record Dependency(JobId parent, OnFailure onFailure) {}
