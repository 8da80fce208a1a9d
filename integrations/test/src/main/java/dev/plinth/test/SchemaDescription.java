package dev.plinth.test;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.util.List;

/**
 * A schema as the catalogues describe it, one line of text per fact: tables, columns, types,
 * defaults, constraints, indexes, triggers, functions, views, sequences, policies, rights and
 * comments. Two schemas made in the same way have equal descriptions. Child partitions, which come
 * and go with time, and Flyway's history tables are left out.
 *
 * @param lines sorted
 */
public record SchemaDescription(List<String> lines) {
  /** Copies the lines. */
  public SchemaDescription {
    lines = List.copyOf(lines);
  }

  /** The schema as it is now; empty if there is none. */
  public static SchemaDescription of(Connection connection, Schema schema) {
    return new SchemaDescription(
        Sql.query(connection, QUERY, row -> row.getString(1), schema.name()));
  }

  private static final String QUERY =
      """
      WITH s AS (
        SELECT oid FROM pg_namespace WHERE nspname = ?
      ), t AS (
        SELECT c.* FROM pg_class c JOIN s ON c.relnamespace = s.oid
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND NOT c.relispartition
          AND c.relname NOT LIKE 'flyway\\_history\\_%'
      ), facts AS (
        SELECT concat_ws(' | ', 'relation', relname, relkind, relpersistence, relrowsecurity,
          relforcerowsecurity, reloptions, relacl::text, pg_get_partkeydef(oid),
          CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END,
          'comment: ' || obj_description(oid, 'pg_class')) AS fact
        FROM t
        UNION ALL
        SELECT concat_ws(' | ', 'column', t.relname, a.attname,
          row_number() OVER (PARTITION BY t.oid ORDER BY a.attnum),
          format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
          a.attcollation::regcollation, a.attacl::text, a.attstorage,
          'default: ' || pg_get_expr(d.adbin, d.adrelid),
          'comment: ' || col_description(t.oid, a.attnum))
        FROM t
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
        UNION ALL
        SELECT concat_ws(' | ', 'constraint', t.relname, k.conname, pg_get_constraintdef(k.oid),
          k.convalidated, 'comment: ' || obj_description(k.oid, 'pg_constraint'))
        FROM t JOIN pg_constraint k ON k.conrelid = t.oid AND k.conparentid = 0
        UNION ALL
        SELECT concat_ws(' | ', 'index', t.relname, pg_get_indexdef(i.indexrelid), i.indisvalid,
          'comment: ' || obj_description(i.indexrelid, 'pg_class'))
        FROM t JOIN pg_index i ON i.indrelid = t.oid
        UNION ALL
        SELECT concat_ws(' | ', 'trigger', t.relname, pg_get_triggerdef(g.oid), g.tgenabled,
          'comment: ' || obj_description(g.oid, 'pg_trigger'))
        FROM t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
        UNION ALL
        SELECT concat_ws(' | ', 'policy', t.relname, p.polname, p.polcmd, p.polpermissive,
          p.polroles::regrole[]::text, pg_get_expr(p.polqual, t.oid),
          pg_get_expr(p.polwithcheck, t.oid))
        FROM t JOIN pg_policy p ON p.polrelid = t.oid
        UNION ALL
        SELECT concat_ws(' | ', 'routine', pg_get_functiondef(p.oid), p.proacl::text,
          'comment: ' || obj_description(p.oid, 'pg_proc'))
        FROM s JOIN pg_proc p ON p.pronamespace = s.oid AND p.prokind IN ('f', 'p')
        UNION ALL
        SELECT concat_ws(' | ', 'sequence', t.relname, q.seqtypid::regtype, q.seqstart,
          q.seqincrement, q.seqmin, q.seqmax, q.seqcycle)
        FROM t JOIN pg_sequence q ON q.seqrelid = t.oid
        UNION ALL
        SELECT concat_ws(' | ', 'type', y.typname, y.typtype, y.typnotnull, y.typdefault,
          (SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder)
           FROM pg_enum e WHERE e.enumtypid = y.oid))
        FROM s JOIN pg_type y ON y.typnamespace = s.oid AND y.typtype IN ('d', 'e', 'r')
      )
      SELECT fact FROM facts ORDER BY fact COLLATE "C"
      """;
}
