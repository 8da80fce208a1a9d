package dev.plinth.core.internal.vault;

import dev.plinth.core.internal.vault.ColumnAccess.Open;
import dev.plinth.core.internal.vault.RotationRows.Counts;
import dev.plinth.core.internal.vault.RotationRows.Position;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.vault.KeyProviderException;
import dev.plinth.core.vault.VaultException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One batch of a rotation: reads some rows without locking them, re-encrypts with no connection
 * held, then writes each value that is still the one that was read.
 */
final class RotateBatch {
  private static final String PATIENCE = "SELECT set_config('lock_timeout', '1s', true)";

  private final TxScope standalone;
  private final Sealing sealing;
  private final int size;

  /** A row as it was read; {@code value} is null when there is nothing to re-encrypt. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Row(List<String> key, byte @Nullable [] value) {}

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Change(List<String> key, byte[] old, byte[] fresh) {}

  /** What was read and made of it, to be written. */
  static final class Prepared {
    private final List<Row> rows;
    private final List<Change> changes = new ArrayList<>();
    private long failed;
    private @Nullable String error;

    private Prepared(List<Row> rows) {
      this.rows = rows;
    }

    boolean isEmpty() {
      return rows.isEmpty();
    }

    List<String> lastKey() {
      return rows.get(rows.size() - 1).key();
    }
  }

  RotateBatch(TxScope standalone, Sealing sealing, int size) {
    this.standalone = standalone;
    this.sealing = sealing;
    this.size = size;
  }

  Prepared prepare(Open open, Position from, DataKey target) {
    Column column = open.column();
    Prepared batch = new Prepared(open.returning(tx -> read(tx, column, from)));
    for (Row row : batch.rows) {
      byte[] old = row.value();
      if (old != null) {
        reEncrypt(batch, column, row.key(), old, target);
      }
    }
    return batch;
  }

  private void reEncrypt(
      Prepared batch, Column column, List<String> key, byte[] old, DataKey target) {
    try {
      byte[] plain = sealing.open(standalone, column.cell(key), old);
      sealing.keys().count(target);
      batch.changes.add(new Change(key, old, sealing.seal(target, column.cell(key), plain)));
      java.util.Arrays.fill(plain, (byte) 0);
    } catch (KeyProviderException e) {
      throw e;
    } catch (VaultException | IllegalArgumentException e) {
      batch.failed++;
      batch.error = String.valueOf(e.getMessage());
    }
  }

  private List<Row> read(Tx tx, Column column, Position from) {
    Sql.query(tx.connection(), PATIENCE, row -> 1);
    String after =
        from.lastKey() == null
            ? ""
            : "WHERE (" + column.keyList("", "") + ") > (" + column.keyParameters() + ")";
    // Every row counts towards the batch, so that no statement reads far through a table in which
    // there is little to do. The order is by the page's columns, not by their text.
    String sql =
        """
        SELECT %s, CASE WHEN substring(%s FROM 2 FOR 16) <> ? THEN %s END
        FROM (SELECT %s, %s FROM %s %s ORDER BY %s LIMIT ?) page
        ORDER BY %s
        """
            .formatted(
                column.keyList("page.", "::text"),
                column.value(),
                column.value(),
                column.keyList("", ""),
                column.value(),
                column.from(),
                after,
                column.keyList("", ""),
                column.keyList("page.", ""));
    List<@Nullable Object> parameters = new ArrayList<>();
    parameters.add(References.bytes(from.target()));
    if (from.lastKey() != null) {
      parameters.addAll(from.lastKey());
    }
    parameters.add(size);
    int keys = column.key().size();
    return Sql.query(
        tx.connection(),
        sql,
        row -> new Row(key(row, keys), row.getBytes(keys + 1)),
        parameters.toArray());
  }

  /** Writes what is still as it was read, and tells how it went. */
  Counts write(Tx tx, Column column, Prepared batch) {
    if (batch.changes.isEmpty()) {
      return new Counts(batch.rows.size(), 0, 0, batch.failed, batch.error);
    }
    Sql.query(tx.connection(), PATIENCE, row -> 1);
    Set<List<String>> free = lock(tx, column, batch.changes);
    List<@Nullable Object[]> updates = new ArrayList<>();
    for (Change change : batch.changes) {
      if (free.contains(change.key())) {
        List<Object> parameters = new ArrayList<>();
        parameters.add(change.fresh());
        parameters.addAll(change.key());
        parameters.add(change.old());
        updates.add(parameters.toArray());
      }
    }
    long rotated = 0;
    if (!updates.isEmpty()) {
      for (int count : Sql.batch(tx.connection(), update(column), updates)) {
        rotated += Math.max(count, 0);
      }
    }
    return new Counts(
        batch.rows.size(), rotated, batch.changes.size() - rotated, batch.failed, batch.error);
  }

  /** Those of the rows that nobody else holds; a rotation never waits for a writer. */
  private static Set<List<String>> lock(Tx tx, Column column, List<Change> changes) {
    int keys = column.key().size();
    List<@Nullable Object> arrays = new ArrayList<>();
    for (int i = 0; i < keys; i++) {
      int place = i;
      arrays.add(changes.stream().map(change -> change.key().get(place)).toArray(String[]::new));
    }
    String sql =
        """
        SELECT %s
        FROM %s t
        WHERE (%s) IN (%s)
        FOR NO KEY UPDATE OF t SKIP LOCKED
        """
            .formatted(
                column.keyList("t.", "::text"),
                column.from(),
                column.keyList("t.", ""),
                column.keySet());
    return new HashSet<>(Sql.query(tx.connection(), sql, row -> key(row, keys), arrays.toArray()));
  }

  private static String update(Column column) {
    return "UPDATE %s SET %s = ? WHERE (%s) = (%s) AND %s = ?"
        .formatted(
            column.from(),
            column.value(),
            column.keyList("", ""),
            column.keyParameters(),
            column.value());
  }

  private static List<String> key(ResultSet row, int keys) throws SQLException {
    List<String> key = new ArrayList<>();
    for (int i = 1; i <= keys; i++) {
      key.add(row.getString(i));
    }
    return key;
  }
}
