package dev.plinth.benchmarks;

import dev.plinth.benchmarks.postgres.BenchmarkServer;
import dev.plinth.benchmarks.postgres.FreshDatabase;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Runs the rounds of a workload: in each, every system has one turn, in a fresh JVM on a fresh
 * database of the same server, and nothing of the one before it is left.
 */
final class Turns {
  private final BenchmarkServer server;
  private final Sizes sizes;
  private final List<String> jvmOptions;
  private final PrintStream progress;
  private boolean failed;

  Turns(BenchmarkServer server, Sizes sizes, List<String> jvmOptions, PrintStream progress) {
    this.server = server;
    this.sizes = sizes;
    this.jvmOptions = List.copyOf(jvmOptions);
    this.progress = progress;
  }

  /** One result for each system that has had all its turns. */
  List<Result> take(Workload workload, List<String> systems) {
    Map<String, List<Sample>> samples = new LinkedHashMap<>();
    List<String> competing = new ArrayList<>(systems);
    int rounds = workload.rounds(sizes);
    for (int round = 1; round <= rounds; round++) {
      for (String system : List.copyOf(competing)) {
        progress.printf("%s, round %d of %d: %s … ", workload.name(), round, rounds, system);
        progress.flush();
        try {
          Sample sample = turn(workload, system);
          samples.computeIfAbsent(system, any -> new ArrayList<>()).add(sample);
          progress.println(told(workload, sample));
        } catch (Exception e) {
          // The others' results are worth having; this one's are not.
          failed = true;
          competing.remove(system);
          samples.remove(system);
          progress.println("FAILED: " + e.getMessage());
        }
      }
    }
    Map<String, String> conditions = server.conditions();
    return competing.stream()
        .map(
            system ->
                Result.of(workload, system, samples.getOrDefault(system, List.of()), conditions))
        .toList();
  }

  private Sample turn(Workload workload, String system) throws Exception {
    try (FreshDatabase database = server.createDatabase()) {
      String line =
          FreshJvm.run(
              MeasureMain.class,
              jvmOptions,
              List.of(workload.name(), system, Lines.write(new Turn(database.url(), sizes))));
      return Lines.read(line, Sample.class);
    }
  }

  private static String told(Workload workload, Sample sample) {
    String rate = String.format(Locale.ROOT, "%,.0f %s/s", sample.opsPerSecond(), workload.unit());
    return sample.p50Micros() == null
        ? rate
        : rate
            + String.format(
                Locale.ROOT,
                ", p50 %,.0f µs, p99 %,.0f µs",
                sample.p50Micros(),
                sample.p99Micros());
  }

  /** True when a system could not be measured. */
  boolean haveFailed() {
    return failed;
  }
}
