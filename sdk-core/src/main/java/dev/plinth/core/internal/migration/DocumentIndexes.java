package dev.plinth.core.internal.migration;

import dev.plinth.core.migration.OptionalScript.State;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;

/** GIN on the documents of users, for hosts that search in them. */
final class DocumentIndexes implements Extra {
  private static final List<String> INDEXES = List.of("users_settings_gin", "users_metadata_gin");

  private static final String VALID =
      """
      SELECT c.relname
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
      WHERE n.nspname = ? AND c.relname = ANY (?) AND i.indisvalid
      """;

  private final Schema schema;

  DocumentIndexes(Schema schema) {
    this.schema = schema;
  }

  @Override
  public String name() {
    return "document_indexes";
  }

  @Override
  public String description() {
    return "GIN on users.settings and users.metadata, for searches with @>";
  }

  /** What an interrupted build left behind is in the way and of no use, so it goes first. */
  @Override
  public List<List<String>> steps(Connection connection) {
    List<List<String>> steps = new ArrayList<>(undo(connection));
    steps.add(ExtraText.statements("document_indexes", schema));
    return steps;
  }

  @Override
  public List<List<String>> undo(Connection connection) {
    return List.of(ExtraText.statements("document_indexes_undo", schema));
  }

  @Override
  public List<String> missing(Connection connection) {
    List<String> missing = new ArrayList<>(INDEXES);
    missing.removeAll(
        Sql.query(
            connection,
            VALID,
            row -> row.getString(1),
            schema.name(),
            INDEXES.toArray(String[]::new)));
    return missing;
  }

  @Override
  public State state(Connection connection) {
    int missing = missing(connection).size();
    return missing == 0 ? State.APPLIED : missing < INDEXES.size() ? State.PARTIAL : State.ABSENT;
  }

  @Override
  public boolean isTransactional() {
    return false;
  }
}
