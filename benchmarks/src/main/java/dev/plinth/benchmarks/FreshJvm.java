package dev.plinth.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A program in a JVM of its own with this one's class path and properties of the heap that are the
 * same for everyone. Its standard error is this one's.
 */
public final class FreshJvm {
  private FreshJvm() {}

  /**
   * Runs it to its end and returns the last line of its standard output.
   *
   * @throws IllegalStateException when it fails, or says nothing
   */
  public static String run(Class<?> main, List<String> jvmOptions, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xms512m", "-Xmx1g"));
    command.addAll(jvmOptions);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    Thread killer = new Thread(process::destroyForcibly, "kill " + main.getSimpleName());
    Runtime.getRuntime().addShutdownHook(killer);
    try {
      process.getOutputStream().close();
      List<String> said =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .toList();
      int status = process.waitFor();
      if (status != 0 || said.isEmpty()) {
        throw new IllegalStateException(
            main.getSimpleName() + " failed with status " + status + "; see above");
      }
      return said.get(said.size() - 1);
    } finally {
      process.destroyForcibly();
      Runtime.getRuntime().removeShutdownHook(killer);
    }
  }
}
