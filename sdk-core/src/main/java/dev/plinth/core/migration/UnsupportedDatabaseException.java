package dev.plinth.core.migration;

/** The database is one that Plinth cannot live in; nothing in it was changed. */
public final class UnsupportedDatabaseException extends MigrationException {
  private static final long serialVersionUID = 1L;

  /** With what was found and what is needed. */
  public UnsupportedDatabaseException(String message) {
    super(message, null);
  }
}
