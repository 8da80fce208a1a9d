package dev.plinth.jobs;

import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.spi.Args;
import java.util.List;
import java.util.Map;

/**
 * Enqueues jobs under the one that runs: only while its claim holds, so that a zombie makes none.
 * Each has that job as its {@link Job#parent()} and is otherwise what the options say; its user is
 * nobody unless they name one. A handler that runs again enqueues again: do it in {@link
 * JobRun#stepIn} or together with {@link JobRun#completeIn} where that must not be.
 *
 * <p>Every method throws {@link LostClaimException} when another instance has taken the job over,
 * and {@link IllegalArgumentException} when the options name a parent.
 */
public interface Children {
  /** Enqueues a job with its kind's defaults. */
  default <A> JobId enqueue(JobKind<A> kind, A args) {
    return enqueue(kind, args, JobOptions.defaults());
  }

  /**
   * Enqueues a job; otherwise as {@link JobQueue#enqueue(JobKind, Object, JobOptions)}.
   *
   * @throws UnknownUserException when the options name a user who does not exist
   * @throws BatchClosedException when the options name a batch that takes no jobs
   * @throws UnknownJobException when the options name a job to wait for that does not exist
   */
  default <A> JobId enqueue(JobKind<A> kind, A args, JobOptions options) {
    return enqueueAll(kind, List.of(Args.notNull(args, "args")), options).get(0);
  }

  /** As {@link JobQueue#enqueueAll(JobKind, List, JobOptions)}. */
  <A> List<JobId> enqueueAll(JobKind<A> kind, List<A> args, JobOptions options);

  /** As {@link JobQueue#enqueue(JobGraph)}. */
  Map<String, JobId> enqueue(JobGraph graph);
}
