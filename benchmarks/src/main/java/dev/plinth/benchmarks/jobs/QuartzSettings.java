package dev.plinth.benchmarks.jobs;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import javax.sql.DataSource;
import org.quartz.Scheduler;
import org.quartz.SchedulerException;
import org.quartz.impl.StdSchedulerFactory;
import org.quartz.impl.jdbcjobstore.JobStoreTX;
import org.quartz.impl.jdbcjobstore.PostgreSQLDelegate;
import org.quartz.simpl.SimpleThreadPool;
import org.quartz.utils.ConnectionProvider;
import org.quartz.utils.DBConnectionManager;

/**
 * Quartz on the contestants' common pool: clustered, triggers acquired as many at a time as there
 * are threads, and the shortest idle wait it allows.
 */
final class QuartzSettings {
  private static final String POOL = "benchmark";

  private QuartzSettings() {}

  static Scheduler scheduler(DataSource pool, int threads) throws SchedulerException {
    DBConnectionManager.getInstance().addConnectionProvider(POOL, new Pooled(pool));
    Properties settings = new Properties();
    settings.setProperty("org.quartz.scheduler.instanceName", "benchmark");
    settings.setProperty("org.quartz.scheduler.instanceId", "AUTO");
    settings.setProperty("org.quartz.scheduler.skipUpdateCheck", "true");
    settings.setProperty("org.quartz.scheduler.idleWaitTime", "1000");
    settings.setProperty(
        "org.quartz.scheduler.batchTriggerAcquisitionMaxCount", Integer.toString(threads));
    settings.setProperty("org.quartz.threadPool.class", SimpleThreadPool.class.getName());
    settings.setProperty("org.quartz.threadPool.threadCount", Integer.toString(threads));
    settings.setProperty("org.quartz.jobStore.class", JobStoreTX.class.getName());
    settings.setProperty(
        "org.quartz.jobStore.driverDelegateClass", PostgreSQLDelegate.class.getName());
    settings.setProperty("org.quartz.jobStore.dataSource", POOL);
    settings.setProperty("org.quartz.jobStore.useProperties", "true");
    settings.setProperty("org.quartz.jobStore.isClustered", "true");
    // Must be on when more than one trigger is acquired at a time.
    settings.setProperty("org.quartz.jobStore.acquireTriggersWithinLock", "true");
    return new StdSchedulerFactory(settings).getScheduler();
  }

  private record Pooled(DataSource pool) implements ConnectionProvider {
    @Override
    public Connection getConnection() throws SQLException {
      return pool.getConnection();
    }

    @Override
    public void initialize() {
      // It is ready.
    }

    @Override
    public void shutdown() {
      // Whoever opened it closes it.
    }
  }
}
