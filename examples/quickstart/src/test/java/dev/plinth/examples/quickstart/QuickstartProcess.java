package dev.plinth.examples.quickstart;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The quickstart as its user runs it: a process of its own, with an environment, killed if need be.
 */
final class QuickstartProcess implements AutoCloseable {
  private static final Pattern PERCENT = Pattern.compile("(\\d+) % ");

  private final Process process;
  private final BufferedReader reader;
  private final List<String> lines = new ArrayList<>();

  private QuickstartProcess(Process process) {
    this.process = process;
    this.reader = process.inputReader();
  }

  static QuickstartProcess start(Map<String, String> environment, String... args) {
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-cp",
                System.getProperty("java.class.path"),
                Quickstart.class.getName()));
    command.addAll(Arrays.asList(args));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("PLINTH_"));
    builder.environment().putAll(environment);
    try {
      return new QuickstartProcess(builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads on until a line contains the text. */
  String await(String text) throws IOException {
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      lines.add(line);
      if (line.contains(text)) {
        return line;
      }
    }
    throw new AssertionError("It ended without saying \"" + text + "\" but:\n" + output());
  }

  /** Reads on until it says that at least this much of the way is done, and not all of it. */
  void awaitProgress(int percent) throws IOException {
    int reached = 0;
    while (reached < percent) {
      Matcher said = PERCENT.matcher(await(" % "));
      reached = said.find() ? Integer.parseInt(said.group(1)) : reached;
    }
    if (reached == 100) {
      throw new AssertionError("It was done before it could be stopped:\n" + output());
    }
  }

  /** SIGKILL: no hook runs, nothing is flushed. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Reads to the end and tells the exit status. */
  int end() throws IOException, InterruptedException {
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      lines.add(line);
    }
    if (!process.waitFor(1, TimeUnit.MINUTES)) {
      throw new AssertionError("It does not end:\n" + output());
    }
    return process.exitValue();
  }

  String output() {
    return String.join("\n", lines);
  }

  List<String> lines() {
    return List.copyOf(lines);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
