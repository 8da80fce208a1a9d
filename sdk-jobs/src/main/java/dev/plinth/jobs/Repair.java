package dev.plinth.jobs;

import dev.plinth.core.spi.Args;

/**
 * What became of a fault.
 *
 * @param fault as it was found
 * @param outcome whether it is gone
 * @param done what was done, or why nothing was, and what to do then
 */
public record Repair(Fault fault, Outcome outcome, String done) {
  /** Checks the arguments. */
  public Repair {
    Args.notNull(fault, "fault");
    Args.notNull(outcome, "outcome");
    Args.notNull(done, "done");
  }

  /** Whether a fault is gone. */
  public enum Outcome {
    /** It was mended. */
    MENDED,
    /** It was not there any more when it was looked at under locks. */
    GONE,
    /** It is still there: it cannot be mended safely, or somebody holds the rows. */
    LEFT
  }
}
