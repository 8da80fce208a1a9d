package dev.plinth.benchmarks.core;

import dev.plinth.benchmarks.Threads;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import javax.sql.DataSource;

/** Reads one of the rows by its hash, every column of it. */
final class BareRead implements Threads.Step {
  private final DataSource pool;
  private final String read;
  private final List<byte[]> hashes = new ArrayList<>();

  BareRead(DataSource pool, TokenKind kind) throws SQLException {
    this.pool = pool;
    this.read = kind.read();
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(kind.hashes())) {
      while (rows.next()) {
        hashes.add(rows.getBytes(1));
      }
    }
  }

  @Override
  public void run() throws SQLException {
    try (Connection connection = pool.getConnection();
        PreparedStatement statement = connection.prepareStatement(read)) {
      statement.setBytes(1, hashes.get(ThreadLocalRandom.current().nextInt(hashes.size())));
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          throw new IllegalStateException("A row is missing");
        }
        int columns = row.getMetaData().getColumnCount();
        for (int column = 1; column <= columns; column++) {
          row.getString(column);
        }
      }
    }
  }
}
