package dev.plinth.jobs;

/**
 * A number of jobs that was counted up to a bound, so that counting costs the same however many
 * there are.
 *
 * @param atLeast how many were counted
 * @param exact false when there may be more
 */
public record JobCount(long atLeast, boolean exact) {
  /** None, for certain. */
  public static final JobCount NONE = new JobCount(0, true);

  /** The number, with a plus sign behind it when there may be more. */
  @Override
  public String toString() {
    return exact ? Long.toString(atLeast) : atLeast + "+";
  }
}
