package dev.plinth.benchmarks.jobs;

import dev.plinth.benchmarks.postgres.Rows;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import javax.sql.DataSource;
import org.postgresql.PGConnection;
import org.postgresql.copy.PGCopyOutputStream;

/**
 * How fast jobs could be drained with plain SQL: each worker claims {@value #AT_ONCE} in one
 * statement, runs them, and deletes them in one statement. Nothing is recorded.
 */
final class LimitQueue implements JobContestant {
  private static final int AT_ONCE = 200;
  private static final String CLAIM =
      """
      UPDATE limit_queue q
      SET taken = true
      FROM (
        SELECT id
        FROM limit_queue
        WHERE queue = 'default'
          AND NOT taken
        ORDER BY priority DESC, id
        LIMIT ?
        FOR UPDATE SKIP LOCKED
      ) picked
      WHERE q.id = picked.id
      RETURNING q.id, q.args
      """;
  private static final String DONE = "DELETE FROM limit_queue WHERE id = ANY (?)";

  private final DataSource pool;

  LimitQueue(DataSource pool) {
    this.pool = pool;
  }

  @Override
  public String version() {
    return "plain JDBC: claim " + AT_ONCE + ", batched completion, no record";
  }

  @Override
  public void install() throws SQLException {
    try (Connection connection = pool.getConnection()) {
      Rows.execute(connection, LimitTables.QUEUE);
    }
  }

  @Override
  public void enqueue(long number) throws SQLException, IOException {
    enqueueAll(number, number + 1);
  }

  @Override
  public void enqueueAll(long from, long to) throws SQLException, IOException {
    String copy = "COPY limit_queue (id, queue, priority, args) FROM STDIN WITH (FORMAT csv)";
    try (Connection connection = pool.getConnection();
        Writer rows =
            new OutputStreamWriter(
                new PGCopyOutputStream(connection.unwrap(PGConnection.class), copy),
                StandardCharsets.UTF_8)) {
      for (long number = from; number < to; number++) {
        rows.write(number + ",default,0,\"{\"\"number\"\": " + number + "}\"\n");
      }
    }
  }

  @Override
  public Workers start(int workers, LongConsumer handler) {
    WorkerThreads threads = new WorkerThreads(workers, () -> batch(handler));
    return threads::close;
  }

  /** False when there was nothing to do. */
  private boolean batch(LongConsumer handler) throws SQLException {
    List<Long> claimed = claim();
    claimed.forEach(handler::accept);
    if (!claimed.isEmpty()) {
      done(claimed);
    }
    return !claimed.isEmpty();
  }

  private List<Long> claim() throws SQLException {
    List<Long> claimed = new ArrayList<>(AT_ONCE);
    try (Connection connection = pool.getConnection();
        PreparedStatement claim = connection.prepareStatement(CLAIM)) {
      claim.setInt(1, AT_ONCE);
      try (ResultSet rows = claim.executeQuery()) {
        while (rows.next()) {
          claimed.add(rows.getLong("id"));
        }
      }
    }
    return claimed;
  }

  private void done(List<Long> numbers) throws SQLException {
    try (Connection connection = pool.getConnection();
        PreparedStatement done = connection.prepareStatement(DONE)) {
      Array ids = connection.createArrayOf("bigint", numbers.toArray());
      done.setArray(1, ids);
      done.executeUpdate();
    }
  }

  @Override
  public String unfinished() {
    return "SELECT count(*) FROM limit_queue";
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
