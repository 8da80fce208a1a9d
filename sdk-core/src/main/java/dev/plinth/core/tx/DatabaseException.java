package dev.plinth.core.tx;

import dev.plinth.core.PlinthException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A statement failed for a reason that no narrower exception names. Its SQLState is at hand. When
 * the database reported it, the cause is an {@code SQLException} with the first line of what it
 * said and the driver's stack trace; the lines after it may quote rows, and are left out.
 */
public final class DatabaseException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final @Nullable String sqlState;

  /** With the SQLState of the cause, if it has one. */
  public DatabaseException(String message, @Nullable String sqlState, @Nullable Throwable cause) {
    super(message, cause);
    this.sqlState = sqlState;
  }

  /** The five-character SQLState that PostgreSQL or the driver gave. */
  public Optional<String> sqlState() {
    return Optional.ofNullable(sqlState);
  }
}
