package dev.plinth.test;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A program in a JVM of its own, with this one's class path, that a test can kill: for tests of
 * what a crash leaves behind.
 *
 * <pre>{@code
 * try (ForkedJvm jvm = ForkedJvm.start(Charges.class, database.url())) {
 *   jvm.await("charged");   // a line of its standard output that contains this
 *   jvm.kill();             // SIGKILL: no finally block, no shutdown hook
 * }
 * }</pre>
 *
 * <p>The program has a {@code main} method in any class, public or not; it opens the database with
 * {@link TestDatabase#attach}, speaks with {@link #report} and listens with {@link #awaitOrder}. It
 * dies with this object, and with the JVM that started it. Safe for use by many threads.
 */
public final class ForkedJvm implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int REMEMBERED_LINES = 200;
  private static final String END = "\0end of output";

  private final String name;
  private final Path arguments;
  private final Process process;
  private final Thread killer;
  private final BufferedWriter input;
  private final BlockingQueue<String> output = new LinkedBlockingQueue<>();
  private final Deque<String> remembered = new ArrayDeque<>();

  private ForkedJvm(String name, Path arguments, Process process) {
    this.name = name;
    this.arguments = arguments;
    this.process = process;
    this.killer = new Thread(process::destroyForcibly, "kill " + name);
    this.input = process.outputWriter(StandardCharsets.UTF_8);
  }

  /** Starts a main class with arguments. */
  public static ForkedJvm start(Class<?> main, String... args) {
    return start(main, List.of(), args);
  }

  /**
   * Starts a main class with arguments.
   *
   * @param jvmOptions such as {@code -Xmx64m}
   */
  public static ForkedJvm start(Class<?> main, List<String> jvmOptions, String... args) {
    return start(main, jvmOptions, Map.of(), args);
  }

  /**
   * Starts a main class with arguments.
   *
   * @param jvmOptions such as {@code -Xmx64m}
   * @param environment variables that are added to this process's own
   */
  public static ForkedJvm start(
      Class<?> main, List<String> jvmOptions, Map<String, String> environment, String... args) {
    try {
      // The class path may be longer than a command line can be.
      Path arguments = Files.createTempFile("plinth-forked-", ".args");
      Files.writeString(
          arguments, "-classpath\n" + quoted(System.getProperty("java.class.path")) + "\n");
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.add("@" + arguments);
      // Such programs live for a second: what they need is to start soon.
      command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
      command.addAll(jvmOptions);
      command.add(ForkedMain.class.getName());
      command.add(main.getName());
      command.addAll(List.of(args));
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().putAll(environment);
      Process process = builder.start();
      ForkedJvm jvm = new ForkedJvm(main.getSimpleName(), arguments, process);
      jvm.begin();
      return jvm;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String quoted(String classPath) {
    return '"' + classPath.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private void begin() {
    Runtime.getRuntime().addShutdownHook(killer);
    read(process.getInputStream(), true);
    read(process.getErrorStream(), false);
  }

  private void read(InputStream stream, boolean standardOutput) {
    Thread reader =
        new Thread(
            () -> {
              try (BufferedReader lines =
                  new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                  remember(line);
                  if (standardOutput) {
                    output.add(line);
                  }
                }
              } catch (IOException e) {
                remember("The output can no longer be read: " + e);
              } finally {
                if (standardOutput) {
                  output.add(END);
                }
              }
            },
            "output of " + name);
    reader.setDaemon(true);
    reader.start();
  }

  private void remember(String line) {
    synchronized (remembered) {
      remembered.addLast(line);
      if (remembered.size() > REMEMBERED_LINES) {
        remembered.removeFirst();
      }
    }
  }

  /** The process id. */
  public long pid() {
    return process.pid();
  }

  /** False once the program has ended or was killed. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /**
   * Waits up to a minute for a line of the program's standard output that contains the text, and
   * returns it. Lines before it are passed over.
   *
   * @throws AssertionError when the program ends first, or the minute does; with what it has said
   */
  public String await(String text) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      String line = next(deadline - System.nanoTime());
      if (line == null) {
        throw failure("has not said '" + text + "' within " + PATIENCE.toSeconds() + " seconds");
      }
      if (line.equals(END)) {
        output.add(END);
        throw failure("ended without saying '" + text + "'");
      }
      if (line.contains(text)) {
        return line;
      }
    }
  }

  private @Nullable String next(long nanos) {
    try {
      return output.poll(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure("was waited for by a thread that was interrupted");
    }
  }

  /** Sends the program a line on its standard input. */
  public synchronized void send(String line) {
    try {
      input.write(line);
      input.newLine();
      input.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(said(name + " does not listen"), e);
    }
  }

  /** Kills the program as {@code kill -9} does, and returns when it is dead. */
  public void kill() {
    process.destroyForcibly();
    waitFor();
  }

  /**
   * Stops the program where it is, as a long pause of its garbage collector or its machine would,
   * until {@link #resume()}.
   *
   * @throws UnsupportedOperationException on Windows
   */
  public void pause() {
    signal("-STOP");
  }

  /** Lets a paused program go on. */
  public void resume() {
    signal("-CONT");
  }

  private void signal(String signal) {
    if (System.getProperty("os.name").startsWith("Windows")) {
      throw new UnsupportedOperationException("Windows cannot pause a process");
    }
    try {
      Process kill = new ProcessBuilder("kill", signal, Long.toString(pid())).start();
      if (kill.waitFor() != 0) {
        throw failure("cannot be sent the signal " + signal);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /**
   * Waits up to a minute for the program to end by itself.
   *
   * @return its exit status; 128 plus the signal's number when a signal ended it
   * @throws AssertionError when it goes on
   */
  public int waitFor() {
    try {
      if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        throw failure("has not ended within " + PATIENCE.toSeconds() + " seconds");
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private AssertionError failure(String what) {
    return new AssertionError(said(name + " " + what));
  }

  private String said(String what) {
    synchronized (remembered) {
      return what
          + (isAlive() ? "" : "; its exit status is " + process.exitValue())
          + (remembered.isEmpty() ? "; it said nothing" : "; it said:\n")
          + String.join("\n", remembered);
    }
  }

  /** Kills the program if it still runs. */
  @Override
  public void close() {
    kill();
    try {
      Runtime.getRuntime().removeShutdownHook(killer);
      Files.deleteIfExists(arguments);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** For the program: says a line to the test that started it. */
  public static void report(String line) {
    System.out.println(line);
    System.out.flush();
  }

  /**
   * For the program: waits until the test sends this line, passing over others.
   *
   * @throws IllegalStateException when the test's JVM has ended
   */
  public static void awaitOrder(String line) {
    ForkedMain.awaitOrder(line);
  }
}
