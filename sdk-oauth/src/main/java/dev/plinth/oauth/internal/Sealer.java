package dev.plinth.oauth.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.plinth.core.Plinth;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.vault.Cell;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Text that is encrypted by the vault for one column of one row, and back. */
public final class Sealer {
  private final Plinth plinth;
  private final String table;

  /** For the columns of one table. */
  public Sealer(Plinth plinth, String table) {
    this.plinth = plinth;
    this.table = table;
  }

  /** Encrypts; null stays null. */
  public byte @Nullable [] seal(Tx tx, String column, UUID row, @Nullable String text) {
    return text == null
        ? null
        : plinth
            .vault()
            .in(tx)
            .encrypt(new Cell(table, column, row.toString()), text.getBytes(UTF_8));
  }

  /** Decrypts; null stays null. */
  public @Nullable String open(Tx tx, String column, UUID row, byte @Nullable [] sealed) {
    return sealed == null
        ? null
        : new String(
            plinth.vault().in(tx).decrypt(new Cell(table, column, row.toString()), sealed), UTF_8);
  }
}
