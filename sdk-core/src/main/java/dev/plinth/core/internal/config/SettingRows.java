package dev.plinth.core.internal.config;

import dev.plinth.core.config.Change;
import dev.plinth.core.config.SettingChange;
import dev.plinth.core.config.StaleSettingException;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Statements on {@code system_configuration} and its history. */
final class SettingRows {
  /**
   * A row, or what stands for one that is not there.
   *
   * @param isCommitted true when the transaction has written nothing, and its statement saw all
   *     that was committed before it
   */
  record Row(
      @Nullable Json value,
      long version,
      @Nullable UUID updatedBy,
      @Nullable Instant updatedAt,
      boolean isCommitted) {}

  private record Before(@Nullable Json value, long version) {}

  private final Schema schema;
  private final UuidV7 ids;

  SettingRows(Schema schema, UuidV7 ids) {
    this.schema = schema;
    this.ids = ids;
  }

  Row read(Tx tx, String name) {
    return Sql.query(
            tx.connection(),
            schema.render(READ),
            row ->
                new Row(
                    Sql.json(row, "value"),
                    row.getLong("version"),
                    Sql.uuid(row, "updated_by"),
                    Sql.instant(row, "updated_at"),
                    row.getBoolean("is_committed")),
            name)
        .get(0);
  }

  /** Null stands for the default. */
  long write(Tx tx, String name, @Nullable Json value, @Nullable Long expected, Change change) {
    Before before = lock(tx, name);
    if (expected != null && expected != before.version()) {
      throw new StaleSettingException(name, expected, before.version());
    }
    long version = before.version() + 1;
    Sql.update(tx.connection(), schema.render(UPDATE), value, version, change.by(), name);
    Sql.update(
        tx.connection(),
        schema.render(NOTE),
        ids.next(),
        name,
        version,
        before.value(),
        value,
        change.by(),
        change.reason());
    return version;
  }

  List<SettingChange> history(Tx tx, String name, @Nullable Long before, int limit) {
    return Sql.query(
        tx.connection(),
        schema.render(HISTORY),
        row ->
            new SettingChange(
                row.getString("name"),
                row.getLong("version"),
                Sql.json(row, "old_value"),
                Sql.json(row, "new_value"),
                Sql.uuid(row, "changed_by"),
                row.getString("reason"),
                Args.notNull(Sql.instant(row, "changed_at"), "changed_at")),
        name,
        before == null ? Long.MAX_VALUE : before,
        limit);
  }

  /** The row, which is made first if need be, so that there is something to wait for. */
  private Before lock(Tx tx, String name) {
    Optional<Before> there = locked(tx, name);
    if (there.isPresent()) {
      return there.get();
    }
    Sql.update(tx.connection(), schema.render(INSERT), name, name);
    return locked(tx, name).orElseThrow(() -> new StaleSettingException(name, 0, 0));
  }

  private Optional<Before> locked(Tx tx, String name) {
    return Sql.first(
        tx.connection(),
        schema.render(LOCK),
        row -> new Before(Sql.json(row, "value"), row.getLong("version")),
        name);
  }

  private static final String READ =
      """
      SELECT c.value, coalesce(c.version, 0) AS version, c.updated_by, c.updated_at,
        pg_catalog.pg_current_xact_id_if_assigned() IS NULL
          AND pg_catalog.current_setting('transaction_isolation') = 'read committed' AS is_committed
      FROM (VALUES (1)) one
      LEFT JOIN {schema}.system_configuration c ON c.name = ?
      """;

  private static final String LOCK =
      """
      SELECT value, version
      FROM {schema}.system_configuration
      WHERE name = ?
      FOR UPDATE
      """;

  /** Goes on counting where the history ends, should somebody have deleted the row. */
  private static final String INSERT =
      """
      INSERT INTO {schema}.system_configuration (name, version, created_at)
      SELECT ?, coalesce(max(h.version), 0), {now}
      FROM {schema}.system_configuration_history h
      WHERE h.name = ?
      ON CONFLICT (name) DO NOTHING
      """;

  private static final String UPDATE =
      """
      UPDATE {schema}.system_configuration
      SET value = ?::jsonb,
        version = ?,
        updated_by = ?
      WHERE name = ?
      """;

  private static final String NOTE =
      """
      INSERT INTO {schema}.system_configuration_history
        (id, name, version, old_value, new_value, changed_by, reason, changed_at)
      VALUES (?, ?, ?, ?::jsonb, ?::jsonb, ?, ?, {now})
      """;

  private static final String HISTORY =
      """
      SELECT *
      FROM {schema}.system_configuration_history
      WHERE name = ? AND version < ?
      ORDER BY version DESC
      LIMIT ?
      """;
}
