package dev.plinth.audit;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/**
 * The time inside an id is too far from the database's: a clock is wrong, or the id is old. Nothing
 * was written under it.
 */
public final class ImplausibleIdException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID id;

  /** For this id, with what to do about it. */
  public ImplausibleIdException(UUID id, String message) {
    super(message);
    this.id = id;
  }

  /** The id that was refused. */
  public UUID id() {
    return id;
  }
}
