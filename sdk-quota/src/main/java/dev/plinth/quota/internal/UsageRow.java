package dev.plinth.quota.internal;

import dev.plinth.core.spi.Sql;
import dev.plinth.quota.Usage;
import java.sql.ResultSet;
import java.sql.SQLException;

/** Reads the columns {@code limit_name, used, held, cap, ends}. */
final class UsageRow {
  private UsageRow() {}

  static Usage read(ResultSet row) throws SQLException {
    return read(row, 0);
  }

  /** With an amount that has been added to what is used since. */
  static Usage read(ResultSet row, long added) throws SQLException {
    return new Usage(
        row.getString("limit_name"),
        Micros.toUnits(row.getLong("used") + added),
        Micros.toUnits(row.getLong("held")),
        Micros.toUnits(row.getLong("cap")),
        Sql.instant(row, "ends"));
  }
}
