package dev.plinth.core.internal.migration;

import dev.plinth.core.migration.OptionalScript.State;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Schema;
import java.sql.Connection;
import java.util.List;
import java.util.stream.Collectors;

/** The optional scripts of one Plinth. */
final class Extras {
  private Extras() {}

  static List<Extra> of(Schema schema, List<FeatureModule> modules, List<Line> lines) {
    return List.of(
        new DocumentIndexes(schema),
        new RowLevelSecurity(
            schema,
            Grants.created(lines),
            modules.stream()
                .flatMap(module -> module.sharedTables().stream())
                .collect(Collectors.toUnmodifiableSet())));
  }

  /** A problem for each script that is there in part. */
  static List<String> halfDone(Connection connection, List<Extra> extras) {
    return extras.stream()
        .filter(extra -> extra.state(connection) == State.PARTIAL)
        .map(
            extra ->
                "The optional script "
                    + extra.name()
                    + " is applied in part and lacks "
                    + String.join(", ", extra.missing(connection))
                    + ": apply it again, or remove it")
        .toList();
  }
}
