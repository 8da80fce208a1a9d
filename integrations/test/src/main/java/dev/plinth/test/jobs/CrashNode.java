package dev.plinth.test.jobs;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.jobs.Jobs;
import dev.plinth.test.TestDatabase;
import java.lang.reflect.Constructor;
import javax.sql.DataSource;

/** A scenario's Plinth and jobs on a database. */
final class CrashNode implements AutoCloseable {
  private static final int POOL_SIZE = 5;

  private final HikariDataSource pool;
  private final Plinth plinth;
  private final Jobs jobs;

  private interface Wrapping {
    DataSource wrap(DataSource pool);
  }

  private CrashNode(CrashScenario scenario, TestDatabase database, Wrapping wrapping) {
    this.pool = database.pool(POOL_SIZE);
    DataSource used = wrapping.wrap(pool);
    PlinthBuilder builder = database.plinth(used);
    scenario.customize(builder);
    this.plinth = builder.build();
    this.jobs = scenario.jobs(plinth, used);
  }

  static CrashNode of(CrashScenario scenario, TestDatabase database) {
    return new CrashNode(scenario, database, pool -> pool);
  }

  /** One whose statements are told of. */
  static CrashNode watched(CrashScenario scenario, TestDatabase database, Boundaries boundaries) {
    return new CrashNode(scenario, database, pool -> new WatchedDataSource(pool, boundaries));
  }

  static CrashScenario scenario(Class<? extends CrashScenario> type) {
    try {
      Constructor<? extends CrashScenario> constructor = type.getDeclaredConstructor();
      constructor.setAccessible(true);
      return constructor.newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(
          "scenario must be a class that can be made without parameters, but "
              + type.getName()
              + " cannot",
          e);
    }
  }

  HikariDataSource pool() {
    return pool;
  }

  Plinth plinth() {
    return plinth;
  }

  Jobs jobs() {
    return jobs;
  }

  @Override
  public void close() {
    try (pool;
        plinth;
        jobs) {
      Crash.unlisten();
    }
  }
}
