package dev.plinth.core.internal.migration;

import dev.plinth.core.migration.OptionalScript.State;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Policies on every table of Plinth's that has a tenant. Partitions get none of their own: through
 * their parent its policies hold, and by their own names they then show nothing.
 */
final class RowLevelSecurity implements Extra {
  private record Table(
      String name, String quoted, boolean partition, boolean enabled, boolean policy) {
    boolean isCovered() {
      return enabled && (partition || policy);
    }
  }

  private static final String TABLES =
      """
      WITH parent AS (
        SELECT c.oid, c.relname, c.relrowsecurity
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
        WHERE n.nspname = ?
          AND c.relname = ANY (?)
          AND c.relkind IN ('r', 'p')
          AND NOT c.relispartition
          AND a.attname = 'tenant_id'
          AND NOT a.attisdropped
      ), held AS (
        SELECT p.oid, p.relname, p.relrowsecurity, false AS partition
        FROM parent p
        UNION ALL
        SELECT c.oid, c.relname, c.relrowsecurity, true
        FROM parent p
        JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid
        JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
      )
      SELECT
        h.relname AS name,
        format('%I.%I', ?::text, h.relname) AS quoted,
        h.partition,
        h.relrowsecurity AS enabled,
        EXISTS (
          SELECT FROM pg_catalog.pg_policy y
          WHERE y.polrelid = h.oid AND y.polname = 'plinth_tenant') AS policy
      FROM held h
      ORDER BY h.partition, h.relname
      """;

  private final Schema schema;
  private final String[] created;
  private final Set<String> shared;

  RowLevelSecurity(Schema schema, Set<String> created, Set<String> shared) {
    this.schema = schema;
    this.created = created.toArray(String[]::new);
    this.shared = shared;
  }

  @Override
  public String name() {
    return "row_level_security";
  }

  @Override
  public String description() {
    return "Policies on every table with a tenant: a transaction sees and writes its tenant's rows"
        + " only, and none when it names no tenant";
  }

  /** Table by table: a transaction that held one table while it waits for the next stops both. */
  @Override
  public List<List<String>> steps(Connection connection) {
    return tables(connection).stream().map(this::statements).toList();
  }

  @Override
  public List<List<String>> undo(Connection connection) {
    return tables(connection).stream().map(table -> text("undo", table)).toList();
  }

  @Override
  public List<String> missing(Connection connection) {
    return tables(connection).stream()
        .filter(table -> !table.isCovered())
        .map(Table::name)
        .toList();
  }

  @Override
  public State state(Connection connection) {
    List<Table> tables = tables(connection);
    if (tables.stream().noneMatch(table -> table.enabled() || table.policy())) {
      return State.ABSENT;
    }
    return tables.stream().allMatch(Table::isCovered) ? State.APPLIED : State.PARTIAL;
  }

  @Override
  public boolean isTransactional() {
    return true;
  }

  private List<String> statements(Table table) {
    List<String> statements =
        new ArrayList<>(text(table.partition() ? "partition" : "table", table));
    if (shared.contains(table.name())) {
      statements.addAll(text("shared", table));
    }
    return statements;
  }

  /** True when the connection's role sees only what the policies let it. */
  static boolean binds(Connection connection, Schema schema) {
    return Sql.query(
            connection,
            "SELECT pg_catalog.row_security_active(?::text)",
            row -> row.getBoolean(1),
            schema.quoted() + ".users")
        .get(0);
  }

  private List<String> text(String template, Table table) {
    return ExtraText.statements("row_level_security_" + template, schema, table.quoted());
  }

  private List<Table> tables(Connection connection) {
    return Sql.query(
        connection,
        TABLES,
        row ->
            new Table(
                row.getString("name"),
                row.getString("quoted"),
                row.getBoolean("partition"),
                row.getBoolean("enabled"),
                row.getBoolean("policy")),
        schema.name(),
        created,
        schema.name());
  }
}
