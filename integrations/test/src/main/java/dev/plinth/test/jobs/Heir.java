package dev.plinth.test.jobs;

import dev.plinth.jobs.Fault;
import dev.plinth.jobs.JobFilter;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.Page;
import dev.plinth.test.TestDatabase;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** The node that comes after a crash and finishes the work. */
final class Heir {
  private static final int ROUNDS = 100;
  private static final long PAUSE_NANOS = 10_000_000L;

  private Heir() {}

  /** Works off everything; then all must be right. */
  static void finish(CrashScenario scenario, TestDatabase database) throws Exception {
    try (CrashNode node = CrashNode.of(scenario, database)) {
      JobsTesting testing = workOff(node, database);
      for (int round = 0; isAnyRunning(node); round++) {
        if (round == ROUNDS) {
          throw new AssertionError(
              "Jobs are held by dead processes\n" + EnqueuedJobs.told(testing.enqueued()));
        }
        LockSupport.parkNanos(PAUSE_NANOS);
        workOff(node, database);
      }
      List<Fault> faults = node.jobs().check();
      if (!faults.isEmpty()) {
        throw new AssertionError("jobs.check() tells of " + faults);
      }
      scenario.verify(node.plinth(), node.jobs());
    }
  }

  /** Works off what can be had while another process may still hold something. */
  static void inherit(CrashScenario scenario, TestDatabase database) {
    try (CrashNode node = CrashNode.of(scenario, database)) {
      workOff(node, database);
    }
  }

  private static JobsTesting workOff(CrashNode node, TestDatabase database) {
    // Others are dead by then; this one is too if it was there, and goes on under another id.
    database.clock().advance(node.plinth().instances().timeToLive().plusSeconds(1));
    JobsTesting testing = JobsTesting.of(node.plinth(), node.jobs(), database.clock());
    testing.drainToTheEnd();
    return testing;
  }

  private static boolean isAnyRunning(CrashNode node) {
    return !node.jobs().list(JobFilter.all().status(JobStatus.RUNNING), Page.first(1)).isEmpty();
  }
}
