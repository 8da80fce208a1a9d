package dev.plinth.benchmarks;

import java.util.List;

/** One thing that is measured for several systems. Stateless: every turn has a JVM of its own. */
public interface Workload {
  /** The name on the command line and in the results, such as {@code jobs.drain}. */
  String name();

  /** What is counted, such as {@code jobs}. */
  String unit();

  /** The systems in the order of their turns: Plinth, its peers, the limit. */
  List<String> systems();

  /** How many turns each system has. */
  default int rounds(Sizes sizes) {
    return sizes.rounds();
  }

  /**
   * Measures one system on an empty database, in this JVM, and checks that the work was done.
   *
   * @throws IllegalStateException when it was not
   */
  Sample measure(String system, Turn turn) throws Exception;
}
