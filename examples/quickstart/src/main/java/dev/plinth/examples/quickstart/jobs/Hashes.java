package dev.plinth.examples.quickstart.jobs;

import dev.plinth.core.Plinth;
import dev.plinth.core.tx.Tx;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The host's own table of results, {@code public.quickstart_hashes}. It has no key that would keep
 * a file from being there twice: that each is there once is the jobs' doing.
 */
final class Hashes {
  private final Plinth plinth;

  Hashes(Plinth plinth) {
    this.plinth = plinth;
  }

  /**
   * A row.
   *
   * @param path the file, or the empty string for all of them together
   * @param sha256 its hash
   */
  record Row(String path, String sha256) {}

  void createTable() throws SQLException {
    plinth.transact(
        tx -> {
          try (Statement statement = tx.connection().createStatement()) {
            statement.execute("SELECT pg_advisory_xact_lock(hashtext('public.quickstart_hashes'))");
            statement.execute(
                """
                CREATE TABLE IF NOT EXISTS public.quickstart_hashes (
                  chapter uuid NOT NULL,
                  path text NOT NULL,
                  sha256 text NOT NULL
                )
                """);
          }
        });
  }

  static int insert(Tx tx, UUID chapter, Row row) throws SQLException {
    try (PreparedStatement statement =
        tx.connection().prepareStatement("INSERT INTO public.quickstart_hashes VALUES (?, ?, ?)")) {
      statement.setObject(1, chapter);
      statement.setString(2, row.path());
      statement.setString(3, row.sha256());
      return statement.executeUpdate();
    }
  }

  /** All rows of a run of the chapter. */
  List<Row> rows(UUID chapter) throws SQLException {
    return plinth.transactReturning(
        tx -> {
          try (PreparedStatement statement =
              tx.connection()
                  .prepareStatement(
                      "SELECT path, sha256 FROM public.quickstart_hashes WHERE chapter = ?")) {
            statement.setObject(1, chapter);
            List<Row> rows = new ArrayList<>();
            try (ResultSet found = statement.executeQuery()) {
              while (found.next()) {
                rows.add(new Row(found.getString(1), found.getString(2)));
              }
            }
            return rows;
          }
        });
  }

  /** The hashes of the files by their paths. */
  static SortedMap<String, String> byPath(List<Row> rows) {
    SortedMap<String, String> hashes = new TreeMap<>();
    rows.stream()
        .filter(row -> !row.path().isEmpty())
        .forEach(row -> hashes.put(row.path(), row.sha256()));
    return hashes;
  }
}
