package dev.plinth.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A PostgreSQL server of a test's own, on loopback, which may be backed up, restored, followed by a
 * standby, stopped and killed without harm to other tests. Its superuser is {@code postgres}, who
 * needs no password. Not safe for use by many threads, but for {@link #url} and {@link #connect}.
 *
 * <pre>{@code
 * try (OwnServer primary = OwnServer.create(Map.of("archive_mode", "on"));
 *     OwnServer standby = OwnServer.standbyOf(primary)) { … }
 * }</pre>
 */
public final class OwnServer implements AutoCloseable {
  private static final String START_SECONDS = "300";
  private static final int PORTS_TRIED = 5;

  private final PostgresBinaries binaries;
  private final Path data;
  private final Thread lastResort;
  private int port;

  private OwnServer(PostgresBinaries binaries, Path data) {
    this.binaries = binaries;
    this.data = data;
    this.lastResort = new Thread(this::stopQuietly, "stop " + data);
    Runtime.getRuntime().addShutdownHook(lastResort);
  }

  /** A new, empty server from the embedded binaries, started, with these settings. */
  public static OwnServer create(Map<String, String> settings) {
    return create(PostgresBinaries.embedded(), settings);
  }

  /** A new, empty server, started, with these settings. */
  public static OwnServer create(PostgresBinaries binaries, Map<String, String> settings) {
    Path data = BaseBackup.newFolder();
    binaries.run(
        Map.of(),
        "initdb",
        List.of("-D", data.toString(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"));
    return of(binaries, data, settings);
  }

  /**
   * A server on a copy of a base backup, started: one that recovers what its {@code
   * restore_command} brings, up to its {@code recovery_target_…}, and goes on from there.
   */
  public static OwnServer restored(BaseBackup backup, Map<String, String> settings) {
    return fromBackup(backup, "recovery.signal", settings);
  }

  /** A streaming standby of a server, started. It accepts connections that only read. */
  public static OwnServer standbyOf(OwnServer primary) {
    try (BaseBackup backup = primary.baseBackup()) {
      return fromBackup(
          backup,
          "standby.signal",
          Map.of(
              "primary_conninfo", "host=127.0.0.1 user=postgres port=" + primary.port,
              "archive_mode", "off",
              "hot_standby", "on"));
    }
  }

  private static OwnServer fromBackup(
      BaseBackup backup, String signal, Map<String, String> settings) {
    Path data = backup.copy();
    try {
      Files.createFile(data.resolve(signal));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return of(backup.binaries(), data, settings);
  }

  private static OwnServer of(PostgresBinaries binaries, Path data, Map<String, String> settings) {
    OwnServer server = new OwnServer(binaries, data);
    Map<String, String> all = new TreeMap<>();
    all.put("listen_addresses", "127.0.0.1");
    all.put("unix_socket_directories", "");
    all.put("fsync", "off");
    all.put("max_connections", "100");
    all.put("shared_buffers", "16MB");
    all.put("wal_keep_size", "256MB");
    all.putAll(settings);
    server.configure(all);
    server.start();
    return server;
  }

  /** Changes settings, which count from the next start on. */
  public void configure(Map<String, String> settings) {
    StringBuilder lines = new StringBuilder();
    settings.forEach(
        (name, value) ->
            lines.append(name).append(" = '").append(value.replace("'", "''")).append("'\n"));
    try {
      Files.writeString(data.resolve("postgresql.conf"), "\n" + lines, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts it, on another port than before, and returns when it accepts connections. */
  public void start() {
    for (int tries = 1; ; tries++) {
      port = freePort();
      try {
        binaries.run(
            Map.of(),
            "pg_ctl",
            List.of(
                "start",
                "-w",
                "-t",
                START_SECONDS,
                "-D",
                data.toString(),
                "-l",
                log().toString(),
                "-o",
                "-p " + port));
        return;
      } catch (IllegalStateException e) {
        String said = said();
        if (tries == PORTS_TRIED || !said.contains("could not bind")) {
          throw new IllegalStateException("The server does not start; its log: " + said, e);
        }
      }
    }
  }

  /** Stops it as an administrator would: connections end, nothing is lost. */
  public void stop() {
    binaries.run(Map.of(), "pg_ctl", List.of("stop", "-w", "-m", "fast", "-D", data.toString()));
  }

  /** Copies its files while it runs: what a base backup is. */
  public BaseBackup baseBackup() {
    return BaseBackup.of(binaries, data, this);
  }

  /** The JDBC address of a database on it. */
  public String url(String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?user=postgres";
  }

  /** A connection to a database on it, as superuser. */
  public Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(url(database));
  }

  /** The port it listens to, of 127.0.0.1. */
  public int port() {
    return port;
  }

  /** The programs it was made with. */
  public PostgresBinaries binaries() {
    return binaries;
  }

  /** A new, empty database on it, with the clock that tests move. */
  public TestDatabase createDatabase() {
    return TestDatabase.create(
        TestServer.at(
            ServerAddress.parse("its own address", url("postgres"), null, null),
            "a server of the test's own",
            false));
  }

  /**
   * The same database on this server, which was restored from, or follows, the one it was made on.
   * Closing it drops nothing.
   */
  public TestDatabase sameAs(TestDatabase original) {
    return TestDatabase.attach(url(original.name()));
  }

  /** What it has logged. */
  public String said() {
    try {
      return Files.exists(log()) ? Files.readString(log()) : "nothing";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path log() {
    return data.resolve("server.log");
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void stopQuietly() {
    if (Files.exists(data.resolve("postmaster.pid"))) {
      binaries.run(
          Map.of(), "pg_ctl", List.of("stop", "-w", "-m", "immediate", "-D", data.toString()));
    }
  }

  /** Ends it and deletes its files. */
  @Override
  public void close() {
    stopQuietly();
    Runtime.getRuntime().removeShutdownHook(lastResort);
    BaseBackup.delete(data);
  }
}
