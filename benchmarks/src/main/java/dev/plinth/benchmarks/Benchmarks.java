package dev.plinth.benchmarks;

import dev.plinth.benchmarks.postgres.BenchmarkServer;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The program: measures workloads and prints one JSON line per workload and system. */
@Command(
    name = "benchmarks/run",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measures Plinth beside its peers and the physical limit on one PostgreSQL with default durability:"
          + " its own, or the one that PLINTH_JDBC_URL names. One JSON line per result on standard output,"
          + " progress on standard error."
    })
final class Benchmarks implements Callable<Integer> {
  @Parameters(
      paramLabel = "WORKLOAD",
      description = "What to measure; all of them if none is named.")
  private List<String> workloads = new ArrayList<>();

  @Option(names = "--list", description = "Prints the workloads and their systems.")
  private boolean list;

  @Option(names = "--systems", split = ",", description = "Only these systems.")
  private List<String> systems = new ArrayList<>();

  @Option(
      names = "--rounds",
      defaultValue = "3",
      description = "Turns of each system (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--jobs",
      defaultValue = "50000",
      description = "Jobs to enqueue or drain (${DEFAULT-VALUE}).")
  private int jobs;

  @Option(
      names = "--warm-up",
      defaultValue = "5000",
      description = "Jobs that go the same way before, unmeasured (${DEFAULT-VALUE}).")
  private int warmUp;

  @Option(
      names = "--workers",
      defaultValue = "16",
      description = "Handlers at work at a time (${DEFAULT-VALUE}).")
  private int workers;

  @Option(
      names = "--threads",
      defaultValue = "8",
      description = "Threads that enqueue one by one (${DEFAULT-VALUE}).")
  private int threads;

  @Option(
      names = "--pool",
      defaultValue = "20",
      description = "Connections in each system's pool (${DEFAULT-VALUE}).")
  private int pool;

  @Option(
      names = "--seconds",
      defaultValue = "5",
      description = "Length of workloads that are bound by time (${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--warm-up-seconds",
      defaultValue = "2",
      description = "How long those run before, unmeasured (${DEFAULT-VALUE}).")
  private int warmUpSeconds;

  @Option(
      names = "--pickup-seconds",
      defaultValue = "8",
      description = "How long jobs.pickup enqueues twenty jobs a second (${DEFAULT-VALUE}).")
  private int pickupSeconds;

  @Option(
      names = "--pinned-seconds",
      defaultValue = "60",
      description =
          "How long jobs.pinned holds the old snapshot (${DEFAULT-VALUE}; the large setting is 600).")
  private int pinnedSeconds;

  @Option(
      names = "--jvm",
      description =
          "An option for every measured JVM, such as --jvm=-XX:StartFlightRecording:filename=/tmp/; may be repeated.")
  private List<String> jvmOptions = new ArrayList<>();

  public static void main(String[] args) {
    System.exit(new CommandLine(new Benchmarks()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    if (list) {
      System.out.println(Workloads.list());
      return 0;
    }
    List<Workload> chosen;
    Sizes sizes;
    try {
      chosen = Workloads.named(workloads);
      sizes =
          new Sizes(
              rounds,
              jobs,
              warmUp,
              workers,
              threads,
              pool,
              seconds,
              warmUpSeconds,
              pickupSeconds,
              pinnedSeconds);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      return CommandLine.ExitCode.USAGE;
    }
    return measure(chosen, sizes);
  }

  private int measure(List<Workload> chosen, Sizes sizes) throws Exception {
    PrintStream results =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    PrintStream progress =
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    try (BenchmarkServer server = BenchmarkServer.start()) {
      progress.println("Measuring on " + server.conditions());
      Turns turns = new Turns(server, sizes, jvmOptions, progress);
      for (Workload workload : chosen) {
        List<String> competing =
            workload.systems().stream()
                .filter(system -> systems.isEmpty() || systems.contains(system))
                .toList();
        turns.take(workload, competing).forEach(result -> results.println(Lines.write(result)));
      }
      return turns.haveFailed() ? CommandLine.ExitCode.SOFTWARE : CommandLine.ExitCode.OK;
    }
  }
}
