package dev.plinth.test.jobs;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.jobs.Jobs;
import javax.sql.DataSource;

/**
 * What the {@link CrashKit} crashes: jobs, what is there before, and what must be true in the end.
 * The class needs a constructor without parameters, public or not, because another JVM makes one
 * too; so it must not carry anything from one method to another but through the database.
 */
public interface CrashScenario {
  /** Changes how the Plinths are built, as in production; nothing unless overridden. */
  default void customize(PlinthBuilder builder) {}

  /**
   * Builds the jobs with the handlers under test, not started.
   *
   * @param database for what handlers do without Plinth's transactions
   */
  Jobs jobs(Plinth plinth, DataSource database);

  /** Makes the host's tables and enqueues jobs, in a new and migrated database. */
  void prepare(Plinth plinth, Jobs jobs) throws Exception;

  /**
   * Looks at the effects once every job has ended. That nothing is broken in Plinth's own tables is
   * asserted besides.
   *
   * @throws AssertionError when they are not what they would be without a crash
   */
  void verify(Plinth plinth, Jobs jobs) throws Exception;
}
