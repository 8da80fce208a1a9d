package dev.plinth.core.internal.restore;

import dev.plinth.core.id.UuidV7;
import dev.plinth.core.restore.RestoreOptions;
import dev.plinth.core.restore.RestoreReport;
import dev.plinth.core.restore.RestoreReport.Change;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Restoring;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One turn of every module, and what they report. */
final class RestoreRun implements Restoring {
  private final Connection connection;
  private final Schema schema;
  private final RestoreOptions options;
  private final UuidV7 ids;
  private final List<Change> changes = new ArrayList<>();
  private final List<Consumer<RestoreReport>> endings = new ArrayList<>();
  private String module = "";

  RestoreRun(Connection connection, Schema schema, RestoreOptions options, UuidV7 ids) {
    this.connection = connection;
    this.schema = schema;
    this.options = options;
    this.ids = ids;
  }

  RestoreReport of(List<FeatureModule> modules) {
    for (FeatureModule one : modules) {
      module = one.name();
      one.afterRestore(this);
    }
    Instant now =
        Sql.query(
                connection,
                schema.render("SELECT {now} AS t"),
                row -> Objects.requireNonNull(Sql.instant(row, "t")))
            .get(0);
    RestoreReport report = new RestoreReport(now, changes, List.of());
    endings.forEach(ending -> ending.accept(report));
    return report;
  }

  @Override
  public RestoreOptions options() {
    return options;
  }

  @Override
  public Connection connection() {
    return connection;
  }

  @Override
  public Schema schema() {
    return schema;
  }

  @Override
  public UuidV7 ids() {
    return ids;
  }

  @Override
  public void change(String what, String sql, @Nullable Object... parameters) {
    report(what, Sql.update(connection, schema.render(sql), parameters));
  }

  @Override
  public void moveOn(String table, String column) {
    String of = schema.quoted() + '.' + table;
    String sequence =
        Sql.query(
                connection,
                "SELECT pg_get_serial_sequence(?, ?)",
                row -> row.getString(1),
                of,
                column)
            .get(0);
    Sql.query(
        connection,
        """
        SELECT setval(?::regclass, greatest(s.last_value, m.highest) + ?)
        FROM %s s, (SELECT max(%s) AS highest FROM %s) m
        """
            .formatted(sequence, column, of),
        row -> row.getLong(1),
        sequence,
        FENCES_SKIPPED);
    report("sequence of " + table + " moved on", 1);
  }

  @Override
  public void report(String what, long rows) {
    changes.add(new Change(module, what, rows));
  }

  @Override
  public void atEnd(Consumer<RestoreReport> action) {
    endings.add(action);
  }
}
