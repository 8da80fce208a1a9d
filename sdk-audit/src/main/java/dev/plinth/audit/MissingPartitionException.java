package dev.plinth.audit;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/** No partition takes an id: it was never made, or has been dropped. Nothing was written. */
public final class MissingPartitionException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final String table;
  private final UUID id;

  /** For a row of this table with this id, with what to do about it. */
  public MissingPartitionException(String table, UUID id, String message) {
    super(message);
    this.table = table;
    this.id = id;
  }

  /** The table that has no place for it. */
  public String table() {
    return table;
  }

  /** The id that was refused. */
  public UUID id() {
    return id;
  }
}
