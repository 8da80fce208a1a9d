package dev.plinth.test.jobs;

import dev.plinth.jobs.ManualRunner;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.TestDatabase;

/**
 * The process that is killed or paused: works off the scenario's jobs until it comes to the
 * boundary with the given number, says so, and waits there for what will happen to it.
 */
final class CrashMain {
  static final String REACHED = "plinth-crash: reached ";
  static final String FINISHED = "plinth-crash: finished";
  static final String GO_ON = "plinth-crash: go on";

  private CrashMain() {}

  /** With the database's address, the scenario's class and the boundary's number. */
  public static void main(String[] args) throws ReflectiveOperationException {
    int number = Integer.parseInt(args[2]);
    CrashScenario scenario =
        CrashNode.scenario(Class.forName(args[1]).asSubclass(CrashScenario.class));
    TestDatabase database = TestDatabase.attach(args[0]);
    Boundaries boundaries =
        new Boundaries(
            (reached, connection) -> {
              if (reached.number() == number) {
                ForkedJvm.report(REACHED + reached.boundary() + ": " + reached.label());
                ForkedJvm.awaitOrder(GO_ON);
              }
            });
    try (CrashNode node = CrashNode.watched(scenario, database, boundaries)) {
      drain(node, boundaries);
    }
    ForkedJvm.report(FINISHED);
  }

  /** Runs what is due, and tells the boundaries; the same wherever boundaries are counted. */
  static void drain(CrashNode node, Boundaries boundaries) {
    ManualRunner runner = node.jobs().runManually();
    runner.watch(boundaries::entered);
    Crash.listen(boundaries);
    try {
      int runs = 0;
      while (runner.runOne().isPresent()) {
        if (++runs > 10_000) {
          throw new AssertionError("The scenario's jobs have no end: 10,000 were run");
        }
      }
    } finally {
      Crash.unlisten();
      runner.watch(stage -> {});
    }
  }
}
