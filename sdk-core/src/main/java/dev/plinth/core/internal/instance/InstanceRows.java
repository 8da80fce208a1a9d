package dev.plinth.core.internal.instance;

import dev.plinth.core.instance.Instance;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/** The statements on {@code instances}; every time in them is the database's. */
final class InstanceRows {
  private static final String INSERT =
      """
      INSERT INTO {schema}.instances (id, name, started_at, heartbeat_at, expires_at)
      VALUES (?, ?, {now}, {now}, {now} + make_interval(secs => ?))
      """;

  /** Refuses a row that anyone could have judged dead already. */
  private static final String BEAT =
      """
      UPDATE {schema}.instances
      SET heartbeat_at = {now},
          expires_at = {now} + make_interval(secs => ?)
      WHERE id = ?
        AND ended_at IS NULL
        AND expires_at > {now}
      """;

  private static final String STOP =
      """
      UPDATE {schema}.instances
      SET ended_at = {now},
          end_reason = 'stopped'
      WHERE id = ?
        AND ended_at IS NULL
      """;

  /** Skips rows in use: a heartbeat that is just being written, or another node's sweep. */
  private static final String SWEEP =
      """
      UPDATE {schema}.instances
      SET ended_at = {now},
          end_reason = 'expired'
      WHERE id IN (
        SELECT id
        FROM {schema}.instances
        WHERE ended_at IS NULL
          AND expires_at <= {now}
        FOR UPDATE SKIP LOCKED)
      RETURNING id, name
      """;

  private static final String PURGE =
      """
      DELETE FROM {schema}.instances
      WHERE ended_at < {now} - make_interval(secs => ?)
      """;

  private static final String FIND =
      """
      SELECT id, name, started_at, heartbeat_at, ended_at,
             CASE
               WHEN end_reason = 'stopped' THEN 'stopped'
               WHEN ended_at IS NOT NULL OR expires_at <= {now} THEN 'dead'
               ELSE 'alive'
             END AS state
      FROM {schema}.instances
      WHERE id = ?
      """;

  /** One that was declared dead, for the log. */
  record Swept(UUID id, String name) {}

  private final Transactions transactions;
  private final Schema schema;

  InstanceRows(Transactions transactions, Schema schema) {
    this.transactions = transactions;
    this.schema = schema;
  }

  void insert(UUID id, String name, Duration timeToLive) {
    inNew(tx -> Sql.update(tx.connection(), schema.render(INSERT), id, name, timeToLive));
  }

  /** False when the instance is dead by now. */
  boolean beat(UUID id, Duration timeToLive) {
    return inNew(tx -> Sql.update(tx.connection(), schema.render(BEAT), timeToLive, id)) == 1;
  }

  void stop(UUID id) {
    inNew(tx -> Sql.update(tx.connection(), schema.render(STOP), id));
  }

  List<Swept> sweep() {
    return inNew(
        tx ->
            Sql.query(
                tx.connection(),
                schema.render(SWEEP),
                row -> new Swept(row.getObject("id", UUID.class), row.getString("name"))));
  }

  int purge(Duration endedFor) {
    return inNew(tx -> Sql.update(tx.connection(), schema.render(PURGE), endedFor));
  }

  Optional<Instance> find(UUID id) {
    return inNew(tx -> Sql.first(tx.connection(), schema.render(FIND), InstanceRows::instance, id));
  }

  private static Instance instance(ResultSet row) throws SQLException {
    return new Instance(
        row.getObject("id", UUID.class),
        row.getString("name"),
        Instance.State.valueOf(row.getString("state").toUpperCase(Locale.ROOT)),
        instant(row, "started_at"),
        instant(row, "heartbeat_at"),
        Sql.instant(row, "ended_at"));
  }

  private static Instant instant(ResultSet row, String column) throws SQLException {
    return Args.notNull(Sql.instant(row, column), column);
  }

  private <T> T inNew(TxFunction<T, RuntimeException> work) {
    return transactions.inNew(TxOptions.defaults(), work);
  }
}
