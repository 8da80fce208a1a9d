package dev.plinth.test;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The programs of one PostgreSQL: {@code initdb}, {@code pg_ctl} and {@code postgres} at least. The
 * embedded ones have no more; {@code pg_dump} and its like come from an installed PostgreSQL.
 * Immutable.
 */
public final class PostgresBinaries {
  private static final int PATIENCE_MINUTES = 5;

  private final Path folder;

  private PostgresBinaries(Path folder) {
    this.folder = folder;
  }

  private static final class Embedded {
    static final PostgresBinaries UNPACKED = unpack();

    /** Only a server that runs can say where its own programs were unpacked. */
    private static PostgresBinaries unpack() {
      try (EmbeddedPostgres postgres = EmbeddedPostgres.start();
          Connection connection = postgres.getPostgresDatabase().getConnection();
          Statement statement = connection.createStatement();
          ResultSet row =
              statement.executeQuery("SELECT setting FROM pg_config WHERE name = 'BINDIR'")) {
        row.next();
        return new PostgresBinaries(Path.of(row.getString(1)));
      } catch (IOException e) {
        throw new UncheckedIOException("The embedded PostgreSQL does not start", e);
      } catch (SQLException e) {
        throw new IllegalStateException("The embedded PostgreSQL does not answer", e);
      }
    }
  }

  /** Those from Maven that tests use by default. */
  public static PostgresBinaries embedded() {
    return Embedded.UNPACKED;
  }

  /**
   * Those of the newest PostgreSQL installed on this machine that can dump and restore too: in the
   * folder that the environment variable {@code PLINTH_TEST_PG_BIN} names, else where Debian and
   * Ubuntu put them; empty when there are none.
   */
  public static Optional<PostgresBinaries> installed() {
    String named = System.getenv("PLINTH_TEST_PG_BIN");
    List<Path> candidates = new ArrayList<>();
    if (named != null && !named.isBlank()) {
      candidates.add(Path.of(named));
    }
    Path debian = Path.of("/usr/lib/postgresql");
    if (Files.isDirectory(debian)) {
      try (DirectoryStream<Path> versions = Files.newDirectoryStream(debian, "[0-9]*")) {
        List<Path> found = new ArrayList<>();
        versions.forEach(found::add);
        found.sort(Comparator.comparing(Path::getFileName).reversed());
        found.forEach(version -> candidates.add(version.resolve("bin")));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return candidates.stream()
        .filter(
            bin ->
                Stream.of("initdb", "pg_ctl", "pg_dump", "pg_restore", "psql")
                    .allMatch(program -> Files.isExecutable(bin.resolve(program))))
        .map(PostgresBinaries::new)
        .findFirst();
  }

  /** Whether a library is among them that a server can load, such as {@code pg_stat_statements}. */
  public boolean haveLibrary(String name) {
    Path libraries = folder.resolveSibling("lib");
    if (!Files.isDirectory(libraries)) {
      return false;
    }
    try (Stream<Path> files = Files.walk(libraries, 2)) {
      return files.anyMatch(file -> String.valueOf(file.getFileName()).startsWith(name + "."));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Runs a program to its end and returns what it wrote to its standard output.
   *
   * @param environment what is added to this process's own
   * @throws IllegalStateException when it fails, with what it said
   */
  public String run(Map<String, String> environment, String program, List<String> arguments) {
    List<String> command = new ArrayList<>(asNobody());
    command.add(folder.resolve(program).toString());
    command.addAll(arguments);
    try {
      // Files rather than pipes: a server that pg_ctl leaves behind would keep a pipe open.
      File out = File.createTempFile("plinth-" + program + "-", ".out");
      File err = File.createTempFile("plinth-" + program + "-", ".err");
      try {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("LC_ALL", "C");
        builder.environment().putAll(environment);
        Process process =
            builder
                .redirectInput(ProcessBuilder.Redirect.PIPE)
                .redirectOutput(out)
                .redirectError(err)
                .start();
        process.getOutputStream().close();
        if (!process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
          process.destroyForcibly();
          throw new IllegalStateException(program + " has not ended: " + text(err));
        }
        if (process.exitValue() != 0) {
          throw new IllegalStateException(
              program
                  + " failed with status "
                  + process.exitValue()
                  + ": "
                  + text(out)
                  + text(err));
        }
        return text(out);
      } finally {
        Files.deleteIfExists(out.toPath());
        Files.deleteIfExists(err.toPath());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** PostgreSQL refuses to run as root; in a user namespace of its own, root is nobody. */
  private static List<String> asNobody() {
    boolean root = "root".equals(System.getProperty("user.name"));
    return root && Files.isExecutable(Path.of("/usr/bin/unshare"))
        ? List.of("/usr/bin/unshare", "-U")
        : List.of();
  }

  private static String text(File file) throws IOException {
    return Files.readString(file.toPath(), StandardCharsets.UTF_8);
  }

  /** The folder. */
  @Override
  public String toString() {
    return folder.toString();
  }
}
