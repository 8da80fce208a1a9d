package dev.plinth.test;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * A PostgreSQL server that test databases are made on. Each JVM has at most two: one whose data
 * survives a crash, one for which that does not matter; {@link ServerChoice} says which.
 */
final class TestServer {
  private static final ConcurrentMap<Boolean, TestServer> SERVERS = new ConcurrentHashMap<>();
  private static final ServerChoice CHOICE = ServerChoice.ofThisMachine();
  private static final int OLDEST_VERSION = 140_000;

  private final ServerAddress address;
  private final String description;
  private final Set<String> leftOver = ConcurrentHashMap.newKeySet();

  private TestServer(ServerAddress address, String description) {
    this.address = address;
    this.description = description;
  }

  static TestServer get(boolean durable) {
    return SERVERS.computeIfAbsent(durable, CHOICE::start);
  }

  /**
   * A server that answers, is new enough, lets databases be made, and has fsync on if asked.
   *
   * @param name what it is called in messages
   */
  static TestServer at(ServerAddress address, String name, boolean durable) {
    String sql =
        """
        SELECT current_setting('server_version'), current_setting('server_version_num')::int,
          current_setting('fsync'), current_user,
          (SELECT r.rolcreatedb OR r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
        """;
    try (Connection connection = DriverManager.getConnection(address.url(address.database()));
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      require(
          row.getInt(2) >= OLDEST_VERSION,
          name + " is PostgreSQL " + row.getString(1) + ", but Plinth needs 14 or newer");
      require(
          row.getBoolean(5),
          name + " does not let " + row.getString(4) + " create databases: ALTER ROLE … CREATEDB");
      require(
          !durable || row.getString(3).equals("on"),
          name
              + " has fsync off, but this test asks for a durable server, which survives a crash:"
              + " set fsync = on there");
      return new TestServer(
          address,
          "PostgreSQL " + row.getString(1) + ", " + name + ", with fsync " + row.getString(3));
    } catch (SQLException e) {
      throw new IllegalStateException(name + " does not answer: " + e.getMessage(), e);
    }
  }

  private static void require(boolean met, String otherwise) {
    if (!met) {
      throw new IllegalStateException(otherwise);
    }
  }

  String url(String database) {
    return address.url(database);
  }

  /** For a server that goes on after this JVM. */
  TestServer thatOutlivesUs() {
    Runtime.getRuntime().addShutdownHook(new Thread(this::dropLeftOver, "plinth-test-drop"));
    return this;
  }

  private void dropLeftOver() {
    leftOver.forEach(database -> execute("DROP DATABASE IF EXISTS " + database + " WITH (FORCE)"));
  }

  /** Has this database dropped when the JVM ends, if the server does not end with it. */
  void dropAtExit(String database) {
    leftOver.add(database);
  }

  void execute(String sql) {
    try (Connection connection = DriverManager.getConnection(address.url(address.database()));
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException("The test server refused: " + sql, e);
    }
  }

  @Override
  public String toString() {
    return description;
  }
}
