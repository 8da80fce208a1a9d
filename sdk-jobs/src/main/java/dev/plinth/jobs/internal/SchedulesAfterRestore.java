package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Restoring;

/**
 * Schedules in a restored database. They go on from where the backup has them: due times since then
 * were missed as far as these tables know, and their schedules' policies say what becomes of them.
 */
final class SchedulesAfterRestore {
  /** So that nobody replaces a schedule by a version of the time that was lost. */
  private static final String RAISE =
      """
      UPDATE {schema}.job_schedules
      SET version = version + ?
      """;

  private SchedulesAfterRestore() {}

  static void run(Restoring restoring) {
    restoring.change("versions of schedules raised", RAISE, Restoring.FENCES_SKIPPED);
  }
}
