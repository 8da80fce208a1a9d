package dev.plinth.core.internal.vault;

import dev.plinth.core.internal.vault.ColumnAccess.Open;
import dev.plinth.core.internal.vault.RotationRows.Position;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.tx.DatabaseException;
import dev.plinth.core.vault.EncryptedColumn;
import dev.plinth.core.vault.Rotation;
import dev.plinth.core.vault.UnknownKeyException;
import java.util.Optional;
import java.util.UUID;

/** Leads every registered column to a data key, batch by batch. */
final class Rotate {
  private static final int BATCH = 200;

  /** Passes in one call while others hold rows. */
  private static final int PASSES = 3;

  private final ColumnRegistry registry;
  private final ColumnAccess access;
  private final RotationRows rows;
  private final RotateBatch batch;
  private final DataKeys keys;
  private final TxScope standalone;

  Rotate(
      ColumnRegistry registry,
      ColumnAccess access,
      RotationRows rows,
      Sealing sealing,
      TxScope standalone) {
    this.registry = registry;
    this.access = access;
    this.rows = rows;
    this.batch = new RotateBatch(standalone, sealing, BATCH);
    this.keys = sealing.keys();
    this.standalone = standalone;
  }

  /** Sets the target of every column. */
  void begin(UUID target) {
    registry.write();
    access.returning(
        tx -> {
          rows.begin(tx, target);
          return Boolean.TRUE;
        });
  }

  /** Works on what is not finished, to the end of a pass or until interrupted. */
  void work() {
    for (EncryptedColumn column : registry.all()) {
      for (int pass = 0; pass < PASSES && pass(column); pass++) {
        if (Thread.currentThread().isInterrupted()) {
          return;
        }
      }
    }
  }

  Rotation progress() {
    return access.returning(rows::progress);
  }

  /** True when another pass over the column should follow at once. */
  private boolean pass(EncryptedColumn declared) {
    Optional<Open> open = access.open(declared);
    access.returning(
        tx -> {
          rows.beginAgain(tx, declared);
          return Boolean.TRUE;
        });
    try {
      while (!Thread.currentThread().isInterrupted()) {
        Optional<Position> from = access.returning(tx -> rows.position(tx, declared));
        if (from.isEmpty()) {
          return false;
        }
        if (open.isEmpty() || !step(open.get(), declared, from.get())) {
          return access.returning(tx -> rows.end(tx, declared, from.get()));
        }
      }
    } catch (DatabaseException e) {
      // Somebody changes the table itself: the next call goes on from here.
      if (!SqlStates.of(e).equals(Optional.of(SqlStates.LOCK_NOT_AVAILABLE))) {
        throw e;
      }
    }
    return false;
  }

  /** False at the end of the table. */
  private boolean step(Open open, EncryptedColumn declared, Position from) {
    DataKey target =
        keys.find(standalone, from.target())
            .orElseThrow(() -> new UnknownKeyException(from.target().toString()));
    RotateBatch.Prepared prepared = batch.prepare(open, from, target);
    if (prepared.isEmpty()) {
      return false;
    }
    open.returning(
        tx -> {
          RotationRows.Counts counts = batch.write(tx, open.column(), prepared);
          // Another runner may have come further: what this one wrote is right all the same.
          return rows.advance(tx, declared, from, prepared.lastKey(), counts);
        });
    return true;
  }
}
