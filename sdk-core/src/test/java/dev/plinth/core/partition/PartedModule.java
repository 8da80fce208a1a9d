package dev.plinth.core.partition;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.PartitionedTable;
import java.util.List;

/** A module with one partitioned table, for tests. */
final class PartedModule implements FeatureModule {
  static final PartitionedTable READINGS =
      new PartitionedTable("readings", PartitionedTable.Period.MONTH, 2);

  @Override
  public String name() {
    return "parted";
  }

  @Override
  public List<String> migrations() {
    return List.of("readings");
  }

  @Override
  public List<PartitionedTable> partitionedTables() {
    return List.of(READINGS);
  }

  @Override
  public Class<? extends AutoCloseable> entryPoint() {
    return Plinth.class;
  }

  @Override
  public AutoCloseable create(Plinth plinth) {
    return plinth;
  }
}
