package dev.plinth.core.internal.access;

import dev.plinth.core.access.RoleCycleException;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.List;

/**
 * Statements on {@code role_parents}. A trigger refuses cycles, too; looking first keeps the
 * transaction usable.
 */
final class Hierarchy {
  private final Schema schema;

  Hierarchy(Schema schema) {
    this.schema = schema;
  }

  /** False as well when one of them is not there. */
  boolean add(Tx tx, String role, String parent) {
    Sql.update(tx.connection(), schema.render(ONE_AFTER_THE_OTHER));
    boolean cycle =
        Sql.query(tx.connection(), schema.render(INHERITS), row -> row.getBoolean(1), parent, role)
            .get(0);
    if (cycle) {
      throw new RoleCycleException(role, parent);
    }
    return Sql.update(tx.connection(), schema.render(ADD), role, parent) == 1;
  }

  boolean remove(Tx tx, String role, String parent) {
    return Sql.update(tx.connection(), schema.render(REMOVE), role, parent) == 1;
  }

  List<String> parents(Tx tx, String role) {
    return Sql.query(tx.connection(), schema.render(PARENTS), row -> row.getString(1), role);
  }

  private static final String ONE_AFTER_THE_OTHER =
      """
      UPDATE {schema}.role_hierarchy
      SET version = version + 1
      """;

  private static final String INHERITS =
      """
      WITH RECURSIVE above (role) AS (
        SELECT ?::text
        UNION
        SELECT p.parent
        FROM above a
        JOIN {schema}.role_parents p ON p.role = a.role)
      SELECT EXISTS (SELECT FROM above WHERE role = ?)
      """;

  private static final String ADD =
      """
      INSERT INTO {schema}.role_parents (role, parent)
      SELECT r.name, p.name
      FROM {schema}.roles r
      CROSS JOIN {schema}.roles p
      WHERE r.name = ? AND p.name = ?
      FOR KEY SHARE
      ON CONFLICT (role, parent) DO NOTHING
      """;

  private static final String REMOVE =
      """
      DELETE FROM {schema}.role_parents
      WHERE role = ? AND parent = ?
      """;

  private static final String PARENTS =
      """
      SELECT parent
      FROM {schema}.role_parents
      WHERE role = ?
      ORDER BY parent COLLATE "C"
      """;
}
