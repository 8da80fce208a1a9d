package dev.plinth.jobs.schedule;

import dev.plinth.core.spi.Args;
import dev.plinth.jobs.JobKind;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a schedule is to be. Immutable; begin with {@link #of}.
 *
 * <pre>{@code
 * jobs.schedules().put(
 *     NewSchedule.of("nightly report", Cron.of("30 2 * * *", "Europe/Berlin"), REPORT, new ReportArgs("all"))
 *         .missed(Missed.upTo(7)));
 * }</pre>
 *
 * @param name by which it is put and found, unique within the tenant, at most 255 characters
 * @param timing when it is due
 * @param kind the kind of job that is enqueued
 * @param args what each job is given; null for the {@link Occurrence}
 * @param missed what becomes of due times that nobody fired in time; {@link Missed#one()} unless
 *     set
 * @param overlap what becomes of a due time while the last job has not ended; {@link Overlap#ALLOW}
 *     unless set
 * @param priority of the jobs, from -100 to 100; 0 unless set
 * @param queue of the jobs; null for the kind's own
 * @param maxAttempts of each job; null for the kind's own
 * @param user who owns it and its jobs, or null
 * @param node the node that it is about, or null
 */
public record NewSchedule(
    String name,
    Timing timing,
    JobKind<?> kind,
    @Nullable Object args,
    Missed missed,
    Overlap overlap,
    int priority,
    @Nullable String queue,
    @Nullable Integer maxAttempts,
    @Nullable UUID user,
    @Nullable UUID node) {
  /** Checks the arguments. */
  public NewSchedule {
    Args.text(name, 255, "name");
    Args.notNull(timing, "timing");
    Args.notNull(kind, "kind");
    if (args == null) {
      Args.check(
          kind.argsType() == Occurrence.class,
          "kind must take an Occurrence, since the schedule has no args, but takes "
              + kind.argsType().getName());
    } else {
      Args.check(
          kind.argsType().isInstance(args),
          "args must be a " + kind.argsType().getName() + ", as the kind says");
      Args.check(
          !(timing instanceof Window),
          "args must not be given with a window: its kind takes the Occurrence, which tells the edge");
    }
    Args.notNull(missed, "missed");
    Args.notNull(overlap, "overlap");
    Args.range(priority, -100, 100, "priority");
    if (queue != null) {
      Args.text(queue, 100, "queue");
    }
    if (maxAttempts != null) {
      Args.range(maxAttempts, 1, 1_000_000, "maxAttempts");
    }
  }

  /** Enqueues a job with these arguments at each due time. */
  public static <A> NewSchedule of(String name, Timing timing, JobKind<A> kind, A args) {
    return made(name, timing, kind, Args.notNull(args, "args"));
  }

  /** Enqueues a job at each due time that is given the occurrence; for a window, the only way. */
  public static NewSchedule of(String name, Timing timing, JobKind<Occurrence> kind) {
    return made(name, timing, kind, null);
  }

  private static NewSchedule made(
      String name, Timing timing, JobKind<?> kind, @Nullable Object args) {
    return new NewSchedule(
        name, timing, kind, args, Missed.one(), Overlap.ALLOW, 0, null, null, null, null);
  }

  /** The same with another policy for what was missed. */
  public NewSchedule missed(Missed missed) {
    return new NewSchedule(
        name, timing, kind, args, missed, overlap, priority, queue, maxAttempts, user, node);
  }

  /** The same with another policy for overlapping jobs. */
  public NewSchedule overlap(Overlap overlap) {
    return new NewSchedule(
        name, timing, kind, args, missed, overlap, priority, queue, maxAttempts, user, node);
  }

  /** The same with another priority of the jobs. */
  public NewSchedule priority(int priority) {
    return new NewSchedule(
        name, timing, kind, args, missed, overlap, priority, queue, maxAttempts, user, node);
  }

  /** The same with its jobs in another queue. */
  public NewSchedule queue(String queue) {
    Args.notNull(queue, "queue");
    return new NewSchedule(
        name, timing, kind, args, missed, overlap, priority, queue, maxAttempts, user, node);
  }

  /** The same with another number of attempts of each job. */
  public NewSchedule maxAttempts(int maxAttempts) {
    return new NewSchedule(
        name, timing, kind, args, missed, overlap, priority, queue, maxAttempts, user, node);
  }

  /** The same, owned by a user, as its jobs are. */
  public NewSchedule user(UUID user) {
    Args.notNull(user, "user");
    return new NewSchedule(
        name, timing, kind, args, missed, overlap, priority, queue, maxAttempts, user, node);
  }

  /** The same, about a node. */
  public NewSchedule node(UUID node) {
    Args.notNull(node, "node");
    return new NewSchedule(
        name, timing, kind, args, missed, overlap, priority, queue, maxAttempts, user, node);
  }
}
