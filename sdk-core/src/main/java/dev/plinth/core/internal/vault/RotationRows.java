package dev.plinth.core.internal.vault;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.vault.EncryptedColumn;
import dev.plinth.core.vault.Rotation;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The progress of rotations, in {@code vault_columns}. */
final class RotationRows {
  /**
   * Where a pass stands.
   *
   * @param started when it began, as the database writes it: tells this pass from another
   * @param lastKey the last row examined; null at the beginning
   */
  record Position(UUID target, String started, @Nullable List<String> lastKey) {}

  /** What a batch did. */
  record Counts(long examined, long rotated, long contended, long failed, @Nullable String error) {}

  /** How long after a data key was made no node encrypts under the one before, twice over. */
  private static final String SETTLED =
      "(SELECT k.created_at + interval '2 minutes' FROM {schema}.vault_data_keys k"
          + " WHERE k.id = target_id)";

  private static final String THIS_COLUMN =
      "schema_name = ? AND table_name = ? AND column_name = ?";

  private final String begin;
  private final String position;
  private final String advance;
  private final String end;
  private final String beginAgain;
  private final String progress;

  RotationRows(Schema schema) {
    // A pass that leads to the same key is gone on with, one that is finished repeated.
    this.begin =
        schema.render(
            """
            UPDATE {schema}.vault_columns
            SET target_id = ?, pass_started_at = {now}, last_key = NULL, examined = 0, rotated = 0,
              contended = 0, failed = 0, last_error = NULL, pass_ended_at = NULL, finished_at = NULL
            WHERE target_id IS DISTINCT FROM ? OR finished_at IS NOT NULL
            """);
    this.position =
        schema.render(
            """
            SELECT target_id, pass_started_at::text AS started, last_key
            FROM {schema}.vault_columns c
            WHERE %s AND pass_ended_at IS NULL
              AND EXISTS (
                SELECT FROM {schema}.vault_data_keys k
                WHERE k.id = c.target_id AND k.retired_at IS NULL)
            """
                .formatted(THIS_COLUMN));
    this.advance =
        schema.render(
            """
            UPDATE {schema}.vault_columns
            SET last_key = ?, examined = examined + ?, rotated = rotated + ?,
              contended = contended + ?, failed = failed + ?, last_error = coalesce(?, last_error)
            WHERE %s AND target_id = ? AND pass_started_at = CAST(? AS timestamptz)
              AND last_key IS NOT DISTINCT FROM CAST(? AS text[]) AND pass_ended_at IS NULL
            """
                .formatted(THIS_COLUMN));
    this.end =
        schema.render(
            """
            UPDATE {schema}.vault_columns
            SET pass_ended_at = {now},
              finished_at = CASE WHEN contended = 0 AND pass_started_at >= %s THEN {now} END
            WHERE %s AND target_id = ? AND pass_started_at = CAST(? AS timestamptz)
              AND pass_ended_at IS NULL
            RETURNING contended > 0 AS contended
            """
                .formatted(SETTLED, THIS_COLUMN));
    this.beginAgain =
        schema.render(
            """
            UPDATE {schema}.vault_columns
            SET pass_started_at = {now}, last_key = NULL, examined = 0, rotated = 0, contended = 0,
              failed = 0, last_error = NULL, pass_ended_at = NULL
            WHERE %s AND pass_ended_at IS NOT NULL AND finished_at IS NULL
            """
                .formatted(THIS_COLUMN));
    this.progress =
        schema.render(
            """
            SELECT schema_name, table_name, column_name, target_id, pass_started_at, examined,
              rotated, contended, failed, last_error, finished_at
            FROM {schema}.vault_columns
            ORDER BY schema_name, table_name, column_name
            """);
  }

  void begin(Tx tx, UUID target) {
    Sql.update(tx.connection(), begin, target, target);
  }

  /** Where to go on; empty when there is nothing to do, or the target was retired meanwhile. */
  Optional<Position> position(Tx tx, EncryptedColumn column) {
    return Sql.first(
        tx.connection(),
        position,
        RotationRows::position,
        column.schema(),
        column.table(),
        column.column());
  }

  /** False when another runner has come further, so that this batch is not counted. */
  boolean advance(
      Tx tx, EncryptedColumn column, Position from, List<String> lastKey, Counts counts) {
    return Sql.update(
            tx.connection(),
            advance,
            lastKey.toArray(String[]::new),
            counts.examined(),
            counts.rotated(),
            counts.contended(),
            counts.failed(),
            counts.error(),
            column.schema(),
            column.table(),
            column.column(),
            from.target(),
            from.started(),
            from.lastKey() == null ? null : from.lastKey().toArray(String[]::new))
        == 1;
  }

  /**
   * Ends a pass, and with it the rotation of the column if nothing was in the way and no node can
   * have used an older key since it began.
   *
   * @return whether values are left that others held
   */
  boolean end(Tx tx, EncryptedColumn column, Position at) {
    return Sql.first(
            tx.connection(),
            end,
            row -> row.getBoolean("contended"),
            column.schema(),
            column.table(),
            column.column(),
            at.target(),
            at.started())
        .orElse(false);
  }

  /** Begins another pass where one ended and did not finish the rotation. */
  void beginAgain(Tx tx, EncryptedColumn column) {
    Sql.update(tx.connection(), beginAgain, column.schema(), column.table(), column.column());
  }

  Rotation progress(Tx tx) {
    return new Rotation(
        Sql.query(
            tx.connection(),
            progress,
            row ->
                new Rotation.Progress(
                    row.getString("schema_name"),
                    row.getString("table_name"),
                    row.getString("column_name"),
                    Sql.uuid(row, "target_id"),
                    Sql.instant(row, "pass_started_at"),
                    row.getLong("examined"),
                    row.getLong("rotated"),
                    row.getLong("contended"),
                    row.getLong("failed"),
                    row.getString("last_error"),
                    Sql.instant(row, "finished_at"))));
  }

  private static Position position(ResultSet row) throws SQLException {
    Array lastKey = row.getArray("last_key");
    return new Position(
        Objects.requireNonNull(Sql.uuid(row, "target_id")),
        row.getString("started"),
        lastKey == null ? null : ColumnRegistry.texts(lastKey));
  }
}
