package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.schedule.Schedule;
import dev.plinth.jobs.schedule.ScheduleFilter;
import dev.plinth.jobs.schedule.SchedulePage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the schedules of the transaction's tenant. */
final class ReadSchedules {
  private static final String NOW = "SELECT {now} AS now";

  // As the unique index has it: names are unique within the tenant only.
  private static final String SCHEDULES =
      "SELECT "
          + ScheduleRow.COLUMNS
          + """
          FROM {schema}.job_schedules s
          WHERE coalesce(s.tenant_id, '') = coalesce(?::text, '')
          """;

  private final Schema schema;
  private final String now;
  private final String find;

  ReadSchedules(Schema schema) {
    this.schema = schema;
    this.now = schema.render(NOW);
    this.find = schema.render(SCHEDULES + "  AND s.name = ?");
  }

  /** The database's time. */
  Instant now(Tx tx) {
    return Sql.query(
            tx.connection(), now, row -> Objects.requireNonNull(Sql.instant(row, "now"), "now"))
        .get(0);
  }

  Optional<Schedule> find(Tx tx, String name) {
    return first(tx, find, name);
  }

  /** Nobody fires or changes it until the transaction has ended. */
  Optional<Schedule> lock(Tx tx, String name) {
    return first(tx, find + "\nFOR UPDATE", name);
  }

  private static Optional<Schedule> first(Tx tx, String sql, String name) {
    return Sql.first(tx.connection(), sql, ScheduleRow::read, tx.tenantId().orElse(null), name);
  }

  List<Schedule> list(Tx tx, ScheduleFilter filter, SchedulePage page) {
    return select(tx, filter, "", page);
  }

  /** Those that have a window and are active. */
  List<Schedule> windows(Tx tx, ScheduleFilter filter) {
    return select(tx, filter, "  AND s.kind = 'window' AND s.is_active\n", null);
  }

  private List<Schedule> select(
      Tx tx, ScheduleFilter filter, String condition, @Nullable SchedulePage page) {
    StringBuilder sql = new StringBuilder(SCHEDULES).append(condition);
    List<@Nullable Object> parameters = new ArrayList<>();
    parameters.add(tx.tenantId().orElse(null));
    and(sql, parameters, "s.user_id = ?", filter.user());
    and(sql, parameters, "s.node_id = ?", filter.node());
    and(sql, parameters, "s.type = ?", filter.type());
    and(sql, parameters, "s.is_active = ?", filter.active());
    and(sql, parameters, "s.name > ?", page == null ? null : page.after());
    sql.append("ORDER BY s.name");
    if (page != null) {
      sql.append("\nLIMIT ?");
      parameters.add(page.limit());
    }
    return Sql.query(
        tx.connection(), schema.render(sql.toString()), ScheduleRow::read, parameters.toArray());
  }

  private static void and(
      StringBuilder sql,
      List<@Nullable Object> parameters,
      String condition,
      @Nullable Object value) {
    if (value != null) {
      sql.append("  AND ").append(condition).append('\n');
      parameters.add(value);
    }
  }
}
