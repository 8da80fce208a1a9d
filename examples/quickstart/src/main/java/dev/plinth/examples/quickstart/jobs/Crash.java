package dev.plinth.examples.quickstart.jobs;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * Starts a {@link DoomedWorker} and kills it in the middle of its work, as {@code kill -9} does.
 */
final class Crash {
  private static final String JAVA = ProcessHandle.current().info().command().orElse("java");

  private final Map<String, String> database;

  /** With the database's address, in the worker's environment. */
  Crash(Map<String, String> database) {
    this.database = Map.copyOf(database);
  }

  /**
   * Returns when it is dead.
   *
   * @param finished how many files it may finish
   * @param underWay how many it must have begun beyond these
   * @return its process id
   */
  long happen(int finished, int underWay) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            List.of(
                JAVA,
                "-cp",
                System.getProperty("java.class.path"),
                DoomedWorker.class.getName(),
                Integer.toString(finished),
                Integer.toString(underWay)));
    builder.environment().putAll(database);
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    Process worker = builder.start();
    try {
      awaitTheMiddle(worker);
    } finally {
      worker.destroyForcibly().waitFor();
    }
    return worker.pid();
  }

  private static void awaitTheMiddle(Process worker) throws IOException {
    BufferedReader said = worker.inputReader();
    for (String line = said.readLine(); line != null; line = said.readLine()) {
      if (line.equals(DoomedWorker.IN_THE_MIDDLE)) {
        return;
      }
    }
    throw new IllegalStateException("The worker ended before it could be killed");
  }
}
