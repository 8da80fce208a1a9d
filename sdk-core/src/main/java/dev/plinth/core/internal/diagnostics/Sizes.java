package dev.plinth.core.internal.diagnostics;

import dev.plinth.core.diagnostics.Diagnostics;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.time.Instant;
import java.util.List;

/** How large things are, and which indexes are for nothing. */
final class Sizes {
  private static final String DATABASE =
      """
      SELECT d.datname AS name,
             current_setting('server_version') AS version,
             pg_catalog.pg_database_size(d.oid) AS bytes,
             pg_catalog.pg_postmaster_start_time() AS started_at,
             s.stats_reset AS since,
             age(d.datfrozenxid) AS age
      FROM pg_catalog.pg_database d
      LEFT JOIN pg_catalog.pg_stat_database s ON s.datid = d.oid
      WHERE d.datname = current_database()
      """;

  private static final String TABLES =
      """
      SELECT root.relname AS name,
             count(leaf.oid) FILTER (WHERE root.relkind = 'p') AS partitions,
             coalesce(sum(pg_catalog.pg_total_relation_size(leaf.oid)), 0)::bigint AS total,
             coalesce(sum(pg_catalog.pg_table_size(leaf.oid)), 0)::bigint AS heap,
             coalesce(sum(pg_catalog.pg_indexes_size(leaf.oid)), 0)::bigint AS indexes,
             coalesce(sum(s.n_live_tup), 0)::bigint AS live,
             coalesce(sum(s.n_dead_tup), 0)::bigint AS dead,
             max(greatest(s.last_vacuum, s.last_autovacuum)) AS vacuumed_at,
             max(greatest(s.last_analyze, s.last_autoanalyze)) AS analyzed_at
      FROM pg_catalog.pg_class root
      JOIN pg_catalog.pg_namespace n ON n.oid = root.relnamespace
      LEFT JOIN LATERAL (
        SELECT root.oid WHERE root.relkind = 'r'
        UNION ALL
        SELECT t.relid FROM pg_catalog.pg_partition_tree(root.oid) t
        WHERE root.relkind = 'p' AND t.isleaf
      ) leaf ON true
      LEFT JOIN pg_catalog.pg_stat_all_tables s ON s.relid = leaf.oid
      WHERE n.nspname = ?
        AND root.relkind IN ('r', 'p')
        AND NOT root.relispartition
      GROUP BY root.oid, root.relname
      ORDER BY total DESC, name
      """;

  /** Indexes of partitions count for the one they belong to. */
  private static final String UNUSED =
      """
      SELECT root.relname AS name,
             owner.relname AS table_name,
             sum(pg_catalog.pg_relation_size(i.indexrelid))::bigint AS bytes
      FROM pg_catalog.pg_stat_all_indexes i
      JOIN pg_catalog.pg_index x ON x.indexrelid = i.indexrelid
      JOIN pg_catalog.pg_class root
        ON root.oid = coalesce(pg_catalog.pg_partition_root(i.indexrelid)::oid, i.indexrelid)
      JOIN pg_catalog.pg_index whole ON whole.indexrelid = root.oid
      JOIN pg_catalog.pg_class owner ON owner.oid = whole.indrelid
      WHERE i.schemaname = ?
        AND NOT x.indisunique
        AND NOT x.indisexclusion
      GROUP BY root.oid, root.relname, owner.relname
      HAVING sum(i.idx_scan) = 0
      ORDER BY bytes DESC, name
      """;

  private Sizes() {}

  static Diagnostics.Database database(Connection connection) {
    return Sql.query(
            connection,
            DATABASE,
            row -> {
              Instant started = Sql.instant(row, "started_at");
              return new Diagnostics.Database(
                  row.getString("name"),
                  row.getString("version"),
                  row.getLong("bytes"),
                  started == null ? Instant.EPOCH : started,
                  Sql.instant(row, "since"),
                  row.getLong("age"));
            })
        .get(0);
  }

  static List<Diagnostics.Table> tables(Connection connection, Schema schema) {
    return Sql.query(
        connection,
        TABLES,
        row ->
            new Diagnostics.Table(
                row.getString("name"),
                row.getInt("partitions"),
                row.getLong("total"),
                row.getLong("heap"),
                row.getLong("indexes"),
                row.getLong("live"),
                row.getLong("dead"),
                Sql.instant(row, "vacuumed_at"),
                Sql.instant(row, "analyzed_at")),
        schema.name());
  }

  static List<Diagnostics.UnusedIndex> unusedIndexes(Connection connection, Schema schema) {
    return Sql.query(
        connection,
        UNUSED,
        row ->
            new Diagnostics.UnusedIndex(
                row.getString("name"), row.getString("table_name"), row.getLong("bytes")),
        schema.name());
  }
}
