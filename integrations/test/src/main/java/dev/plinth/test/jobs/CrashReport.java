package dev.plinth.test.jobs;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What a {@link CrashKit} has exercised, all of it well.
 *
 * @param boundaries how many there are
 * @param exercised where it happened, in the order of the run
 */
public record CrashReport(int boundaries, List<Reached> exercised) {
  /** Copies the list. */
  public CrashReport {
    exercised = List.copyOf(exercised);
  }

  /**
   * A boundary that was reached.
   *
   * @param number its place in the run, from 1 on
   * @param boundary its kind
   * @param label the statement that was to follow, or the name
   */
  public record Reached(int number, Boundary boundary, String label) {
    @Override
    public String toString() {
      return "boundary " + number + ", " + boundary + ": " + label;
    }
  }

  /** How many were exercised. */
  public int count() {
    return exercised.size();
  }

  /** How many of this kind were exercised. */
  public long count(Boundary boundary) {
    return exercised.stream().filter(reached -> reached.boundary() == boundary).count();
  }

  @Override
  public String toString() {
    Map<Boundary, Long> kinds =
        exercised.stream()
            .collect(Collectors.groupingBy(Reached::boundary, TreeMap::new, Collectors.counting()));
    return exercised.size() + " of " + boundaries + " boundaries exercised: " + kinds;
  }
}
