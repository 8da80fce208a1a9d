package dev.plinth.benchmarks.postgres;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a server says of itself, and what runs the measurement. */
final class Conditions {
  private static final List<String> DURABLE =
      List.of("fsync", "synchronous_commit", "full_page_writes");

  private Conditions() {}

  /**
   * Asks the server.
   *
   * @throws IllegalStateException when it would lose what was committed
   */
  static Map<String, String> of(String url) throws SQLException {
    Map<String, String> conditions = new LinkedHashMap<>();
    try (Connection connection = DriverManager.getConnection(url)) {
      conditions.put("postgres", show(connection, "server_version"));
      for (String setting : DURABLE) {
        String value = show(connection, setting);
        if (!value.equals("on")) {
          throw new IllegalStateException(
              "The server must have "
                  + setting
                  + " on, but it is "
                  + value
                  + ": what is not durable is not worth measuring");
        }
        conditions.put(setting, value);
      }
      conditions.put("shared_buffers", show(connection, "shared_buffers"));
      conditions.put("max_wal_size", show(connection, "max_wal_size"));
    }
    conditions.put("java", Runtime.version().toString());
    conditions.put("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
    return conditions;
  }

  private static String show(Connection connection, String setting) throws SQLException {
    return Rows.text(connection, "SHOW " + setting);
  }
}
