package dev.plinth.audit.internal;

import dev.plinth.audit.AuditLog;
import dev.plinth.core.Plinth;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.PartitionedTable;
import dev.plinth.core.spi.PartitionedTable.Period;
import dev.plinth.core.spi.Restoring;
import java.util.List;

/** The audit log as a module of Plinth. */
public final class AuditModule implements FeatureModule {
  private static final int MONTHS_AHEAD = 3;

  /** For the service loader. */
  public AuditModule() {}

  @Override
  public String name() {
    return "audit";
  }

  @Override
  public List<String> migrations() {
    return List.of("actions_and_sessions");
  }

  @Override
  public List<PartitionedTable> partitionedTables() {
    return List.of(
        new PartitionedTable("audit_actions", Period.MONTH, MONTHS_AHEAD),
        new PartitionedTable("audit_sessions", Period.MONTH, MONTHS_AHEAD),
        new PartitionedTable("audit_session_events", Period.MONTH, MONTHS_AHEAD));
  }

  @Override
  public void afterRestore(Restoring restoring) {
    AuditAfterRestore.run(restoring);
  }

  @Override
  public Class<? extends AutoCloseable> entryPoint() {
    return AuditLog.class;
  }

  @Override
  public AutoCloseable create(Plinth plinth) {
    return AuditLog.create(plinth);
  }
}
