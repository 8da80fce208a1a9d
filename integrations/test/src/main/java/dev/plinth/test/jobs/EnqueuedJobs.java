package dev.plinth.test.jobs;

import dev.plinth.core.json.JsonCodec;
import dev.plinth.core.spi.Args;
import dev.plinth.jobs.BatchId;
import dev.plinth.jobs.Job;
import dev.plinth.jobs.JobKind;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Claims about enqueued jobs of one kind, made by {@link JobsTesting#assertEnqueued}. Each step
 * leaves only those that fit and fails with what is enqueued instead when none does. Immutable.
 *
 * @param <A> the arguments
 */
public final class EnqueuedJobs<A> {
  private static final int SHOWN = 20;

  private final JsonCodec json;
  private final JobKind<A> kind;
  private final List<Job> all;
  private final List<Job> fitting;
  private final List<String> wanted;

  EnqueuedJobs(JsonCodec json, JobKind<A> kind, List<Job> all) {
    this(
        json, kind, all, all.stream().filter(isOf(kind)).toList(), List.of("a job " + kind.name()));
    requireSome();
  }

  private EnqueuedJobs(
      JsonCodec json, JobKind<A> kind, List<Job> all, List<Job> fitting, List<String> wanted) {
    this.json = json;
    this.kind = kind;
    this.all = all;
    this.fitting = fitting;
    this.wanted = wanted;
  }

  static Predicate<Job> isOf(JobKind<?> kind) {
    return job -> job.type().equals(kind.name());
  }

  /** Equal as objects, or as JSON where the class does not define equality. */
  static <A> Predicate<Job> hasArgs(JsonCodec json, JobKind<A> kind, A args) {
    return job -> {
      A stored = read(json, kind, job);
      return stored != null && (stored.equals(args) || json.write(stored).equals(json.write(args)));
    };
  }

  private static <A> @Nullable A read(JsonCodec json, JobKind<A> kind, Job job) {
    try {
      return json.read(job.args(), kind.argsType());
    } catch (IllegalArgumentException e) {
      // Written for another class: then they are not equal.
      return null;
    }
  }

  /** With these arguments. */
  public EnqueuedJobs<A> withArgs(A args) {
    Args.notNull(args, "args");
    return narrowed("with " + args, hasArgs(json, kind, args));
  }

  /**
   * With arguments of which this is true.
   *
   * @param what for the message of a failure, such as {@code "of more than 10 euros"}
   */
  public EnqueuedJobs<A> withArgsThat(String what, Predicate<A> predicate) {
    Args.notNull(predicate, "predicate");
    return narrowed(
        what,
        job -> {
          A stored = read(json, kind, job);
          return stored != null && predicate.test(stored);
        });
  }

  /** In this queue. */
  public EnqueuedJobs<A> inQueue(String queue) {
    Args.notNull(queue, "queue");
    return narrowed("in queue " + queue, job -> job.queue().equals(queue));
  }

  /** With this priority. */
  public EnqueuedJobs<A> withPriority(int priority) {
    return narrowed("with priority " + priority, job -> job.priority() == priority);
  }

  /** Owned by this user. */
  public EnqueuedJobs<A> ownedBy(UUID user) {
    Args.notNull(user, "user");
    return narrowed("of user " + user, job -> user.equals(job.userId()));
  }

  /** In this batch. */
  public EnqueuedJobs<A> inBatch(BatchId batch) {
    Args.notNull(batch, "batch");
    return narrowed("in batch " + batch, job -> batch.equals(job.batch()));
  }

  /** Ready to run now. */
  public EnqueuedJobs<A> ready() {
    return narrowed("ready now", job -> job.runAt() == null && job.instanceId() == null);
  }

  /** Waiting for a time at most so far from this one. */
  public EnqueuedJobs<A> scheduledNear(Instant time, Duration within) {
    Args.notNull(time, "time");
    Args.notNull(within, "within");
    return narrowed(
        "due within " + within + " of " + time,
        job -> {
          Instant runAt = job.runAt();
          return runAt != null && Duration.between(runAt, time).abs().compareTo(within) <= 0;
        });
  }

  /** Exactly one fits. */
  public Job once() {
    return times(1).get(0);
  }

  /** Exactly so many fit. */
  public List<Job> times(int count) {
    Args.range(count, 1, Integer.MAX_VALUE, "count");
    if (fitting.size() != count) {
      throw failure(
          "should be enqueued "
              + (count == 1 ? "once" : count + " times")
              + ", but "
              + fitting.size()
              + " are:\n"
              + listed(fitting));
    }
    return fitting;
  }

  /** Those that fit, the oldest first. */
  public List<Job> jobs() {
    return fitting;
  }

  private EnqueuedJobs<A> narrowed(String what, Predicate<Job> predicate) {
    List<String> more = new ArrayList<>(wanted);
    more.add(what);
    EnqueuedJobs<A> narrower =
        new EnqueuedJobs<>(json, kind, all, fitting.stream().filter(predicate).toList(), more);
    narrower.requireSome();
    return narrower;
  }

  private void requireSome() {
    if (fitting.isEmpty()) {
      throw failure("should be enqueued, but none is. " + told(all));
    }
  }

  private AssertionError failure(String what) {
    String subject = String.join(" ", wanted);
    return new AssertionError(
        Character.toUpperCase(subject.charAt(0)) + subject.substring(1) + " " + what);
  }

  static String told(List<Job> jobs) {
    return jobs.isEmpty() ? "Nothing is enqueued." : "Enqueued are:\n" + listed(jobs);
  }

  static String listed(List<Job> jobs) {
    String shown =
        jobs.stream().limit(SHOWN).map(EnqueuedJobs::line).collect(Collectors.joining("\n"));
    return jobs.size() <= SHOWN ? shown : shown + "\n  and " + (jobs.size() - SHOWN) + " more";
  }

  private static String line(Job job) {
    return "  "
        + job.type()
        + " "
        + job.args()
        + " in queue "
        + job.queue()
        + ", priority "
        + job.priority()
        + ", "
        + job.status()
        + (job.runAt() == null ? "" : " at " + Objects.requireNonNull(job.runAt()))
        + (job.userId() == null ? "" : ", user " + job.userId())
        + (job.batch() == null ? "" : ", batch " + job.batch());
  }
}
