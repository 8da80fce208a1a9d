package dev.plinth.benchmarks;

import dev.plinth.benchmarks.core.TokenCheck;
import dev.plinth.benchmarks.jobs.Bulk;
import dev.plinth.benchmarks.jobs.Drain;
import dev.plinth.benchmarks.jobs.Pickup;
import dev.plinth.benchmarks.jobs.Pinned;
import dev.plinth.benchmarks.jobs.Single;
import java.util.List;
import java.util.stream.Collectors;

/** All workloads there are. */
final class Workloads {
  private static final List<Workload> ALL =
      List.of(
          new Drain(),
          new Bulk(),
          new Single(),
          new Pickup(),
          new Pinned(),
          TokenCheck.ofSessions(),
          TokenCheck.ofApiKeys());

  private Workloads() {}

  /**
   * Those of these names, in that order; all of them when none is named.
   *
   * @throws IllegalArgumentException when there is none of a name, with the names there are
   */
  static List<Workload> named(List<String> names) {
    return names.isEmpty() ? ALL : names.stream().map(Workloads::named).toList();
  }

  static Workload named(String name) {
    return ALL.stream()
        .filter(workload -> workload.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "There is no workload '" + name + "'; there are:\n" + list()));
  }

  static String list() {
    return ALL.stream()
        .map(workload -> "  " + workload.name() + ": " + String.join(", ", workload.systems()))
        .collect(Collectors.joining("\n"));
  }
}
