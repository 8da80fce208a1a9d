package dev.plinth.benchmarks.jobs;

import dev.plinth.benchmarks.postgres.Rows;
import dev.plinth.core.id.UuidV7;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.LongConsumer;
import javax.sql.DataSource;
import org.postgresql.PGConnection;
import org.postgresql.copy.PGCopyOutputStream;

/** How fast rows of Plinth's width can be written: by COPY, or by one INSERT for each commit. */
final class LimitInsert implements JobContestant {
  private static final String COLUMNS =
      "(id, type, job_version, queue, args, priority, max_attempts, created_at)";
  private static final String COPY = "COPY limit_jobs " + COLUMNS + " FROM STDIN WITH (FORMAT csv)";
  private static final String INSERT =
      "INSERT INTO limit_jobs "
          + COLUMNS
          + " VALUES (?, 'nothing', 1, 'default', ?::jsonb, 0, 20, statement_timestamp())";

  private final DataSource pool;
  private final UuidV7 ids = new UuidV7(InstantSource.system());

  LimitInsert(DataSource pool) {
    this.pool = pool;
  }

  @Override
  public String version() {
    return "plain JDBC: COPY, or one INSERT";
  }

  @Override
  public void install() throws SQLException {
    try (Connection connection = pool.getConnection()) {
      Rows.execute(connection, LimitTables.JOBS);
    }
  }

  @Override
  public void enqueue(long number) throws SQLException {
    try (Connection connection = pool.getConnection();
        PreparedStatement insert = connection.prepareStatement(INSERT)) {
      insert.setObject(1, ids.next());
      insert.setString(2, "{\"number\": " + number + "}");
      insert.executeUpdate();
    }
  }

  @Override
  public void enqueueAll(long from, long to) throws SQLException, IOException {
    try (Connection connection = pool.getConnection()) {
      String now = Rows.text(connection, "SELECT now()");
      try (Writer copy =
          new OutputStreamWriter(
              new PGCopyOutputStream(connection.unwrap(PGConnection.class), COPY),
              StandardCharsets.UTF_8)) {
        for (long number = from; number < to; number++) {
          copy.write(
              ids.next()
                  + ",nothing,1,default,\"{\"\"number\"\": "
                  + number
                  + "}\",0,20,"
                  + now
                  + "\n");
        }
      }
    }
  }

  @Override
  public Workers start(int workers, LongConsumer handler) {
    throw new UnsupportedOperationException("This limit only writes");
  }

  @Override
  public String unfinished() {
    return "SELECT count(*) FROM limit_jobs";
  }

  @Override
  public Optional<String> finished() {
    return Optional.empty();
  }

  @Override
  public void close() {
    // Everything belongs to the pool.
  }
}
