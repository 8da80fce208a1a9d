package dev.plinth.core.internal.migration;

import dev.plinth.core.migration.OptionalScript.State;
import java.sql.Connection;
import java.util.List;

/** The content of an optional script; what it needs of the catalogues it reads itself. */
interface Extra {
  String name();

  String description();

  /** In order; each inner list in a transaction of its own where {@link #isTransactional()}. */
  List<List<String>> steps(Connection connection);

  List<List<String>> undo(Connection connection);

  /** What of it is missing, in words; empty when it is all there. */
  List<String> missing(Connection connection);

  State state(Connection connection);

  boolean isTransactional();
}
