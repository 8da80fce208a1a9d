package dev.plinth.core.internal.partition;

import dev.plinth.core.internal.LockPatience;
import dev.plinth.core.internal.Settings;
import dev.plinth.core.internal.tx.Failures;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.partition.Partition;
import dev.plinth.core.partition.Partitions;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.PartitionedTable;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.tx.TxOptions;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;

/** Says on which connection partitions are read, made and dropped. Safe for use by many threads. */
public final class RangePartitions implements Partitions {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Settings settings;
  private final Schema schema;
  private final Transactions transactions;
  private final List<PartitionedTable> tables;
  private final LockPatience patience = new LockPatience(PATIENCE);
  private final MakeAhead make;

  /** Opens nothing. */
  public RangePartitions(
      Settings settings, Transactions transactions, List<FeatureModule> modules) {
    this.settings = settings;
    this.schema = settings.schema();
    this.transactions = transactions;
    this.tables = modules.stream().flatMap(module -> module.partitionedTables().stream()).toList();
    this.make = new MakeAhead(schema, patience);
  }

  @Override
  public void ensureAhead() {
    for (PartitionedTable table : tables) {
      make.ensure(this::separately, table);
    }
  }

  /**
   * As {@link #ensureAhead()}, on the connection that has just migrated: of the schema's owner, in
   * auto-commit mode, and left so. Takes no other connection: the pool may have but one.
   */
  public void ensureAhead(Connection owner) {
    MakeAhead.Session session = sessionOn(owner);
    for (PartitionedTable table : tables) {
      make.ensure(session, table);
    }
  }

  @Override
  public List<Partition> list(PartitionedTable table) {
    Args.notNull(table, "table");
    return transactions.inCurrentOrNew(
        TxOptions.defaults(),
        tx ->
            Attached.of(tx.connection(), schema, table.table()).stream()
                .filter(child -> !child.detaching())
                .map(Attached.Child::partition)
                .toList());
  }

  @Override
  public List<String> dropBefore(PartitionedTable table, Instant before) {
    Args.notNull(table, "table");
    Args.notNull(before, "before");
    Drop drop = new Drop(schema, table.table(), patience);
    try (Connection owner = openOwner()) {
      boolean autoCommit = owner.getAutoCommit();
      owner.setAutoCommit(true);
      try {
        return drop.before(owner, before);
      } finally {
        owner.setAutoCommit(autoCommit);
      }
    } catch (SQLException e) {
      throw Failures.translate(e);
    }
  }

  private Connection openOwner() throws SQLException {
    return settings.migrationDataSource() != null
        ? Args.notNull(settings.migrationDataSource(), "migrationDataSource").getConnection()
        : Args.notNull(settings.source(), "source").open();
  }

  private <T> T separately(Function<Connection, T> work) {
    return transactions.inNew(TxOptions.defaults(), tx -> work.apply(tx.connection()));
  }

  private static MakeAhead.Session sessionOn(Connection connection) {
    return new MakeAhead.Session() {
      @Override
      public <T> T run(Function<Connection, T> work) {
        return work.apply(connection);
      }
    };
  }
}
