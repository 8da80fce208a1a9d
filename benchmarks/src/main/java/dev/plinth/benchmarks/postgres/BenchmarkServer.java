package dev.plinth.benchmarks.postgres;

import dev.plinth.test.OwnServer;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The server under all systems: the one that {@value #URL} names, else one of its own from the
 * embedded binaries, with PostgreSQL's own defaults and fsync on.
 */
public final class BenchmarkServer implements AutoCloseable {
  private static final String URL = "PLINTH_JDBC_URL";

  /** The test server's thrift undone: these are PostgreSQL's defaults. */
  private static final Map<String, String> DEFAULTS =
      Map.of(
          "fsync", "on",
          "synchronous_commit", "on",
          "full_page_writes", "on",
          "shared_buffers", "128MB",
          "wal_keep_size", "0");

  private final @Nullable OwnServer own;
  private final String url;
  private final Map<String, String> conditions;

  private BenchmarkServer(@Nullable OwnServer own, String url) throws SQLException {
    this.own = own;
    this.url = url;
    this.conditions = Conditions.of(url);
  }

  /**
   * Starts it, or looks at the one that is given.
   *
   * @throws IllegalStateException when it is not durable
   */
  public static BenchmarkServer start() throws SQLException {
    String given = System.getenv(URL);
    if (given != null && !given.isBlank()) {
      return new BenchmarkServer(null, given);
    }
    OwnServer own = OwnServer.create(DEFAULTS);
    try {
      return new BenchmarkServer(own, own.url("postgres"));
    } catch (SQLException | RuntimeException e) {
      own.close();
      throw e;
    }
  }

  /** What is measured under: versions, durability, memory, cores. */
  public Map<String, String> conditions() {
    return new LinkedHashMap<>(conditions);
  }

  /** A new, empty database; everything written before is on disk. */
  public FreshDatabase createDatabase() throws SQLException {
    return FreshDatabase.create(url);
  }

  /** Ends the server if it is its own. */
  @Override
  public void close() {
    if (own != null) {
      own.close();
    }
  }
}
