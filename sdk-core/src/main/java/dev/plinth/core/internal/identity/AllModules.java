package dev.plinth.core.internal.identity;

import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.List;

/**
 * Refuses work that every module must take part in where the schema holds tables of one that this
 * node does not know: its rows would be left behind without a word.
 */
final class AllModules {
  private static final String UNKNOWN =
      """
      SELECT DISTINCT module
      FROM {schema}.schema_changes
      WHERE module <> ALL (?)
      ORDER BY module
      """;

  private final String unknown;
  private final String[] known;

  AllModules(Schema schema, List<FeatureModule> modules) {
    this.unknown = schema.render(UNKNOWN);
    this.known = modules.stream().map(FeatureModule::name).toArray(String[]::new);
  }

  void require(Tx tx) {
    List<String> missing =
        Sql.query(tx.connection(), unknown, row -> row.getString(1), (Object) known);
    if (!missing.isEmpty()) {
      throw new IllegalStateException(
          "The schema has tables of modules that this node does not know, and so cannot ask to take"
              + " their part: "
              + String.join(", ", missing)
              + ". Do it on a node that has them on its class path");
    }
  }
}
