package dev.plinth.benchmarks.postgres;

import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.UUID;

/** An empty database, which is dropped with all connections to it when it is closed. */
public final class FreshDatabase implements AutoCloseable {
  private final String serverUrl;
  private final String name;

  private FreshDatabase(String serverUrl, String name) {
    this.serverUrl = serverUrl;
    this.name = name;
  }

  static FreshDatabase create(String serverUrl) throws SQLException {
    FreshDatabase database =
        new FreshDatabase(
            serverUrl, "plinth_benchmark_" + UUID.randomUUID().toString().replace("-", ""));
    try (Connection connection = DriverManager.getConnection(serverUrl)) {
      Rows.execute(
          connection, "CREATE DATABASE " + database.name + " TEMPLATE template0 ENCODING 'UTF8'");
      Rows.execute(connection, "CHECKPOINT");
    }
    return database;
  }

  /** Its JDBC address. */
  public String url() {
    return withDatabase(serverUrl, name);
  }

  /** The same address with another database: the path after the host, before the options. */
  static String withDatabase(String url, String database) {
    URI uri = URI.create(url.substring("jdbc:".length()));
    String options = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    return "jdbc:" + uri.getScheme() + "://" + uri.getRawAuthority() + "/" + database + options;
  }

  @Override
  public void close() throws SQLException {
    try (Connection connection = DriverManager.getConnection(serverUrl)) {
      Rows.execute(connection, "DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
    }
  }
}
