package dev.plinth.examples.quickstart;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.examples.quickstart.jobs.JobsChapter;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The host's own database and pool: the one named by the environment, else an embedded PostgreSQL.
 */
final class HostDatabase implements AutoCloseable {
  private static final int OLDEST_SUPPORTED = 14;

  private final String url;
  private final @Nullable String user;
  private final @Nullable String password;
  private final @Nullable EmbeddedPostgres embedded;
  private final boolean keep;
  private final HikariDataSource pool;

  private HostDatabase(
      String url,
      @Nullable String user,
      @Nullable String password,
      @Nullable EmbeddedPostgres embedded,
      boolean keep,
      int poolSize) {
    this.url = url;
    this.user = user;
    this.password = password;
    this.embedded = embedded;
    this.keep = keep;
    requireSupported();
    this.pool = openPool(poolSize);
  }

  static HostDatabase open(Map<String, String> environment, boolean keep, int poolSize) {
    String given = environment.get("PLINTH_JDBC_URL");
    if (given == null || given.isBlank()) {
      EmbeddedPostgres embedded = startEmbedded(keep);
      return new HostDatabase(
          embedded.getJdbcUrl("postgres", "postgres"), null, null, embedded, keep, poolSize);
    }
    if (!given.startsWith("jdbc:postgresql:")) {
      throw new UserError("PLINTH_JDBC_URL must look like jdbc:postgresql://host:5432/database");
    }
    return new HostDatabase(
        given,
        environment.get("PLINTH_JDBC_USER"),
        environment.get("PLINTH_JDBC_PASSWORD"),
        null,
        keep,
        poolSize);
  }

  HikariDataSource pool() {
    return pool;
  }

  /** For another process. */
  JobsChapter.Database forOthers() {
    return new JobsChapter.Database(url, user, password);
  }

  /** The address as it may be shown: without a password, unless it is the embedded server's. */
  String address() {
    return embedded != null ? url : url.replaceAll("(?i)([?&]password=)[^&]*", "$1…");
  }

  boolean isEmbedded() {
    return embedded != null;
  }

  /** As PostgreSQL says it, such as {@code 18.6}. */
  String version() {
    try (Connection connection = pool.getConnection()) {
      return connection.getMetaData().getDatabaseProductVersion();
    } catch (SQLException e) {
      throw new UserError("The database cannot be reached: " + firstLine(e));
    }
  }

  @Override
  public void close() {
    pool.close();
    if (embedded != null && !keep) {
      try {
        embedded.close();
      } catch (IOException e) {
        throw new UserError("The embedded PostgreSQL could not be stopped: " + e.getMessage());
      }
    }
  }

  private static EmbeddedPostgres startEmbedded(boolean keep) {
    try {
      return EmbeddedPostgres.builder()
          .setServerConfig("fsync", "on")
          .setServerConfig("full_page_writes", "on")
          .setServerConfig("synchronous_commit", "on")
          .setRegisterShutdownHook(!keep)
          .start();
    } catch (IOException | RuntimeException e) {
      throw new UserError(
          "The embedded PostgreSQL could not be started ("
              + e.getMessage()
              + "); set PLINTH_JDBC_URL to use one of your own");
    }
  }

  /**
   * Asked with one plain connection, so that an unreachable server is told at once and not by a
   * pool's timeout.
   */
  private void requireSupported() {
    try (Connection connection = DriverManager.getConnection(url, user, password)) {
      int major = connection.getMetaData().getDatabaseMajorVersion();
      if (major < OLDEST_SUPPORTED) {
        throw new UserError(
            "PostgreSQL "
                + connection.getMetaData().getDatabaseProductVersion()
                + " is too old: Plinth needs version "
                + OLDEST_SUPPORTED
                + " or newer");
      }
    } catch (SQLException e) {
      throw new UserError("The database at " + address() + " cannot be reached: " + firstLine(e));
    }
  }

  private HikariDataSource openPool(int size) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setUsername(user);
    config.setPassword(password);
    config.setMaximumPoolSize(size);
    config.setPoolName("quickstart");
    return new HikariDataSource(config);
  }

  static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.getClass().getSimpleName());
  }
}
