package dev.plinth.benchmarks;

/** The program of one turn: measures, and prints the sample as its only line of output. */
final class MeasureMain {
  private MeasureMain() {}

  /** With the workload, the system and the turn as JSON. */
  public static void main(String[] args) throws Exception {
    Sample sample = Workloads.named(args[0]).measure(args[1], Lines.read(args[2], Turn.class));
    System.out.println(Lines.write(sample));
    System.out.flush();
    // A peer's thread that is not a daemon must not keep the others waiting.
    System.exit(0);
  }
}
