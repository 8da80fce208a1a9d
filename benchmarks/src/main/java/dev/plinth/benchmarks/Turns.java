package dev.plinth.benchmarks;

import dev.plinth.benchmarks.postgres.BenchmarkServer;
import dev.plinth.benchmarks.postgres.FreshDatabase;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Runs the rounds of a workload: in each, every system has one turn, in a fresh JVM on a fresh
 * database of the same server, and nothing of the one before it is left.
 */
final class Turns {
  /** How one turn is taken. */
  interface Taking {
    Sample take(Workload workload, String system) throws Exception;
  }

  private final Sizes sizes;
  private final PrintStream progress;
  private final Taking taking;
  private final Supplier<Map<String, String>> conditions;
  private boolean failed;

  Turns(BenchmarkServer server, Sizes sizes, List<String> jvmOptions, PrintStream progress) {
    this(
        sizes,
        progress,
        (workload, system) -> inFreshJvm(server, sizes, jvmOptions, workload, system),
        server::conditions);
  }

  /** With turns that are taken otherwise. */
  Turns(
      Sizes sizes, PrintStream progress, Taking taking, Supplier<Map<String, String>> conditions) {
    this.sizes = sizes;
    this.progress = progress;
    this.taking = taking;
    this.conditions = conditions;
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
          Sample sample = taking.take(workload, system);
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
    Map<String, String> measuredUnder = conditions.get();
    return competing.stream()
        .map(
            system ->
                Result.of(workload, system, samples.getOrDefault(system, List.of()), measuredUnder))
        .toList();
  }

  private static Sample inFreshJvm(
      BenchmarkServer server,
      Sizes sizes,
      List<String> jvmOptions,
      Workload workload,
      String system)
      throws Exception {
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
