package dev.plinth.jobs;

/**
 * A broken invariant.
 *
 * @param invariant which one, a short name
 * @param subject the id of the job or batch
 * @param detail what was found
 */
public record Fault(String invariant, String subject, String detail) {}
