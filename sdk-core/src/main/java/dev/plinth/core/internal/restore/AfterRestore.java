package dev.plinth.core.internal.restore;

import dev.plinth.core.id.UuidV7;
import dev.plinth.core.instance.Instance;
import dev.plinth.core.internal.migration.FlywayMigrations;
import dev.plinth.core.internal.partition.RangePartitions;
import dev.plinth.core.internal.tx.Failures;
import dev.plinth.core.migration.SchemaInvalidException;
import dev.plinth.core.restore.RestoreOptions;
import dev.plinth.core.restore.RestoreRefusedException;
import dev.plinth.core.restore.RestoreReport;
import dev.plinth.core.restore.RestoreReport.Change;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a restored database safe: as the schema's owner, under the lock that keeps migrations
 * apart, in one transaction in which no instance can begin. Safe for use by many threads.
 */
public final class AfterRestore {
  private static final Logger log = LoggerFactory.getLogger(AfterRestore.class);

  /**
   * A policy that hid rows from the owner would leave them unsafe without a word: with row_security
   * off, PostgreSQL refuses instead.
   */
  private static final String SETTINGS =
      """
      SET LOCAL row_security = off;
      SET LOCAL statement_timeout = 0;
      SET LOCAL lock_timeout = '30s'
      """;

  /** Heartbeats and new instances wait until the end. */
  private static final String LOCK = "LOCK TABLE {schema}.instances IN SHARE ROW EXCLUSIVE MODE";

  private static final String ALIVE =
      """
      SELECT id, name, started_at, heartbeat_at
      FROM {schema}.instances
      WHERE ended_at IS NULL
        AND expires_at > {now}
      ORDER BY started_at, id
      """;

  private final FlywayMigrations migrations;
  private final RangePartitions partitions;
  private final Schema schema;
  private final UuidV7 ids;
  private final List<FeatureModule> modules;

  /** Opens nothing. */
  public AfterRestore(
      FlywayMigrations migrations,
      RangePartitions partitions,
      Schema schema,
      UuidV7 ids,
      List<FeatureModule> modules) {
    this.migrations = migrations;
    this.partitions = partitions;
    this.schema = schema;
    this.ids = ids;
    this.modules = modules;
  }

  /** See {@code Plinth.afterRestore}. */
  public RestoreReport run(RestoreOptions options) {
    migrations.refuseTooNew();
    RestoreReport made =
        migrations.asOwner(
            connection -> {
              // An old backup lacks the partitions of the present.
              partitions.ensureAhead(connection);
              return inTransaction(connection, options);
            });
    RestoreReport report = new RestoreReport(made.at(), made.changes(), problems());
    tell(report);
    return report;
  }

  private RestoreReport inTransaction(Connection connection, RestoreOptions options) {
    try {
      connection.setAutoCommit(false);
      try {
        RestoreReport report = change(connection, options);
        connection.commit();
        return report;
      } catch (SQLException | RuntimeException e) {
        connection.rollback();
        throw e;
      } finally {
        connection.setAutoCommit(true);
      }
    } catch (SQLException e) {
      throw Failures.translate(e);
    }
  }

  private RestoreReport change(Connection connection, RestoreOptions options) {
    Sql.execute(connection, SETTINGS);
    Sql.execute(connection, schema.render(LOCK));
    List<Instance> alive = alive(connection);
    if (!alive.isEmpty() && !options.othersMayRun()) {
      throw new RestoreRefusedException(alive);
    }
    return new RestoreRun(connection, schema, options, ids).of(modules);
  }

  private List<Instance> alive(Connection connection) {
    return Sql.query(
        connection,
        schema.render(ALIVE),
        row ->
            new Instance(
                row.getObject("id", UUID.class),
                row.getString("name"),
                Instance.State.ALIVE,
                Objects.requireNonNull(Sql.instant(row, "started_at")),
                Objects.requireNonNull(Sql.instant(row, "heartbeat_at")),
                null));
  }

  private List<String> problems() {
    try {
      migrations.verify();
      return List.of();
    } catch (SchemaInvalidException e) {
      return e.problems();
    }
  }

  private static void tell(RestoreReport report) {
    for (Change change : report.changes()) {
      if (change.rows() > 0) {
        log.info("After the restore, {}: {} {}", change.module(), change.what(), change.rows());
      }
    }
    report.problems().forEach(problem -> log.warn("After the restore: {}", problem));
  }
}
