package dev.plinth.test.jobs;

import dev.plinth.jobs.Attempt;
import dev.plinth.jobs.JobKind;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a drain has run, in that order.
 *
 * @param runs every attempt; a job that was retried at once stands there more than once
 */
public record Drained(List<RanJob> runs) {
  /** Copies the list. */
  public Drained {
    runs = List.copyOf(runs);
  }

  /** How many attempts were made. */
  public int count() {
    return runs.size();
  }

  /** Those at jobs of a kind. */
  public Drained of(JobKind<?> kind) {
    return new Drained(runs.stream().filter(run -> run.job().type().equals(kind.name())).toList());
  }

  /** How they ended. */
  public List<Attempt.Outcome> outcomes() {
    return runs.stream().flatMap(run -> run.outcome().stream()).toList();
  }

  /**
   * The same, if all of them ended well.
   *
   * @throws AssertionError otherwise, with the stack traces of those that did not
   */
  public Drained requireCompleted() {
    List<RanJob> others = runs.stream().filter(run -> !run.isCompleted()).toList();
    if (!others.isEmpty()) {
      throw new AssertionError(
          others.size()
              + " of "
              + runs.size()
              + " attempts did not end well:\n"
              + others.stream().map(Drained::told).collect(Collectors.joining("\n")));
    }
    return this;
  }

  private static String told(RanJob run) {
    Attempt attempt = run.attempt();
    String trace = attempt == null ? null : attempt.stackTrace();
    return trace == null ? run.toString() : run + "\n" + trace;
  }

  Drained and(Drained later) {
    List<RanJob> both = new ArrayList<>(runs);
    both.addAll(later.runs);
    return new Drained(both);
  }

  @Override
  public String toString() {
    return runs.stream().map(RanJob::toString).collect(Collectors.joining("\n"));
  }
}
