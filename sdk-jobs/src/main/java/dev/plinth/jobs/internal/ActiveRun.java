package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.jobs.BatchId;
import dev.plinth.jobs.Children;
import dev.plinth.jobs.DiscardException;
import dev.plinth.jobs.JobGraph;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobKind;
import dev.plinth.jobs.JobOptions;
import dev.plinth.jobs.JobRun;
import dev.plinth.jobs.LostClaimException;
import dev.plinth.jobs.Progress;
import dev.plinth.jobs.SnoozeException;
import dev.plinth.jobs.Step;
import dev.plinth.jobs.StepBody;
import java.sql.Connection;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A handler at work on a claim. */
final class ActiveRun implements JobRun {
  private static final long PROGRESS_NANOS = 250_000_000L;
  private static final int MOST_FENCED = 16;

  /** Where the run stands, apart from its thread. */
  private enum State {
    RUNNING,
    /** completeIn has written; whether that committed is not known yet. */
    COMPLETING,
    /** Somebody has taken the right to write its end. */
    ENDED
  }

  private final Claimed job;
  private final RunSql sql;
  private final Class<?> resultType;
  private State state = State.RUNNING;
  private @Nullable RunSteps steps;
  private @Nullable Thread thread;
  private boolean cancelled;
  private boolean committed;
  private @Nullable Tx completing;
  private @Nullable Progress progress;
  private boolean progressWritten;
  private long progressWrittenAt;
  private boolean refused;
  private long begunAt;
  private @Nullable Duration timeout;
  private @Nullable StopCause cause;
  private long stoppedAt;
  private boolean returned;
  private final Set<Session> fenced = new LinkedHashSet<>();
  private volatile @Nullable RunCharges charges;

  ActiveRun(Claimed job, RunSql sql, Class<?> resultType) {
    this.job = job;
    this.sql = sql;
    this.resultType = resultType;
  }

  Claimed job() {
    return job;
  }

  /**
   * From now on, cancelling interrupts this thread.
   *
   * @param timeout how long the handler may be at work, or null
   * @return why it must not begin, or null
   */
  synchronized @Nullable StopCause begin(@Nullable Duration timeout) {
    if (cause != null) {
      return cause;
    }
    this.timeout = timeout;
    begunAt = System.nanoTime();
    thread = Thread.currentThread();
    if (cancelled) {
      thread.interrupt();
    }
    return null;
  }

  /** Its user is charged for it, or nobody is. */
  void chargedBy(@Nullable RunCharges charges) {
    this.charges = charges;
  }

  /** Charges what was used since the last time. */
  void charge() {
    RunCharges all = charges;
    if (all != null) {
      all.charge();
    }
  }

  /** Charges the rest. */
  void settle() {
    RunCharges all = charges;
    if (all != null) {
      all.settle();
    }
  }

  /** The handler has ended: it can no longer be told to stop. Returns what it was told before. */
  synchronized @Nullable StopCause returned() {
    returned = true;
    return cause;
  }

  /** Tells the handler to stop, unless it has ended, or was told so already. */
  synchronized void stop(StopCause why) {
    if (returned || cause != null || state == State.ENDED) {
      return;
    }
    cause = why;
    stoppedAt = System.nanoTime();
    cancel();
  }

  /** Nanoseconds until the attempt has taken too long, not positive when it has; or null. */
  synchronized @Nullable Long timeLeft() {
    return timeout == null || thread == null || cause != null
        ? null
        : timeout.toNanos() - (System.nanoTime() - begunAt);
  }

  /** Stops it when it has taken too long. */
  synchronized void stopWhenTooLong() {
    Long left = timeLeft();
    if (left != null && left <= 0 && timeout != null) {
      stop(new StopCause.TimedOut(timeout));
    }
  }

  /** Why it was told to stop, and has not ended yet; else null. */
  synchronized @Nullable StopCause stopping() {
    return returned || state == State.ENDED ? null : cause;
  }

  /** How long ago it was told to stop, in nanoseconds. */
  synchronized long stoppedFor() {
    return System.nanoTime() - stoppedAt;
  }

  /** How long the handler has been at work. */
  synchronized Duration took() {
    return Duration.ofNanos(System.nanoTime() - begunAt);
  }

  /** Where the handler is just now. */
  synchronized StackTraceElement[] stackTrace() {
    return thread == null ? new StackTraceElement[0] : thread.getStackTrace();
  }

  /** Sessions that hold the fence, or held it. */
  synchronized Set<Session> fenced() {
    return Set.copyOf(fenced);
  }

  /** The handler has returned; the thread is its own again, without a stale interrupt. */
  synchronized void leave() {
    thread = null;
    Thread.interrupted();
  }

  /** Takes the right to write the end of this claim; true for one caller only. */
  synchronized boolean end() {
    if (state == State.ENDED) {
      return false;
    }
    state = State.ENDED;
    return true;
  }

  /** Interrupts the handler. */
  synchronized void cancel() {
    cancelled = true;
    if (thread != null) {
      thread.interrupt();
    }
  }

  /** True when completeIn has written. */
  synchronized boolean isCompleting() {
    return state == State.COMPLETING;
  }

  /** True when the transaction of completeIn is known to have committed. */
  synchronized boolean isCommitted() {
    return committed;
  }

  synchronized @Nullable Progress lastProgress() {
    return progress;
  }

  @Override
  public JobId id() {
    return new JobId(job.id());
  }

  @Override
  public int attempt() {
    return job.attempt();
  }

  @Override
  public int maxAttempts() {
    return job.maxAttempts();
  }

  @Override
  public int epoch() {
    return job.epoch();
  }

  @Override
  public int version() {
    return job.version();
  }

  @Override
  public Optional<UUID> userId() {
    return Optional.ofNullable(job.userId());
  }

  @Override
  public Optional<String> tenantId() {
    return Optional.ofNullable(job.tenantId());
  }

  @Override
  public Optional<BatchId> batch() {
    return Optional.ofNullable(job.batchId()).map(BatchId::new);
  }

  @Override
  public Optional<JobId> parent() {
    return Optional.ofNullable(job.parentId()).map(JobId::new);
  }

  @Override
  public synchronized boolean isCancelled() {
    return cancelled;
  }

  @Override
  public void progress(long done, long total, @Nullable String note) {
    Args.range(done, 0, Long.MAX_VALUE, "done");
    Args.range(total, 0, Long.MAX_VALUE, "total");
    Progress next =
        new Progress(done, total, note == null ? null : Args.bounded(note, 500, "note"));
    synchronized (this) {
      requireClaim();
      boolean due =
          !sql.isInTransaction()
              && (!progressWritten || System.nanoTime() - progressWrittenAt >= PROGRESS_NANOS);
      progress = next;
      if (!due) {
        return;
      }
      progressWritten = true;
      progressWrittenAt = System.nanoTime();
    }
    if (!sql.report(job, next)) {
      throw lost();
    }
    synchronized (this) {
      // The interrupt that tells of a lost claim may have kept the report from being written.
      requireClaim();
    }
  }

  @Override
  public void fence(Connection connection) {
    Args.notNull(connection, "connection");
    synchronized (this) {
      requireClaim();
    }
    Session session = sql.fence(connection, job).orElseThrow(this::lost);
    synchronized (this) {
      if (fenced.size() == MOST_FENCED) {
        fenced.remove(fenced.iterator().next());
      }
      fenced.add(session);
    }
  }

  @Override
  public SnoozeException snooze(Duration delay) {
    Args.notNull(delay, "delay");
    Args.check(
        delay.compareTo(Duration.ofMillis(1)) >= 0 && delay.compareTo(Duration.ofDays(366)) <= 0,
        "delay must be from a millisecond to 366 days, but is " + delay);
    if (job.epoch() >= MOST_CLAIMS) {
      throw new IllegalStateException(
          "Job "
              + job.id()
              + " was claimed "
              + job.epoch()
              + " times: use a schedule for what is to be done again and again");
    }
    throw new SnoozeException(delay);
  }

  @Override
  public DiscardException discard(String reason) {
    throw new DiscardException(Args.text(reason, 1000, "reason"));
  }

  @Override
  public void completeIn(Tx tx) {
    completeIn(tx, null);
  }

  @Override
  public void completeIn(Tx tx, @Nullable Object result) {
    Writable.require(tx);
    Args.check(
        result == null || resultType.isInstance(result),
        "result must be a " + resultType.getName() + ", as the job's type says");
    Progress last;
    synchronized (this) {
      // A transaction that is repeated after a serialization failure comes as another one.
      if (committed || (state == State.COMPLETING && completing == tx)) {
        throw new IllegalStateException(
            "Job " + job.id() + " was completed already: call completeIn once in a run");
      }
      requireClaim();
      last = progress;
    }
    if (!sql.complete(tx, job, result, last)) {
      throw lost();
    }
    RunCharges all = charges;
    if (all != null) {
      all.chargeIn(tx);
    }
    synchronized (this) {
      if (state == State.RUNNING) {
        state = State.COMPLETING;
      }
      completing = tx;
    }
    tx.afterCommit(this::committed);
  }

  private synchronized void committed() {
    committed = true;
  }

  @Override
  public <R extends @Nullable Object, X extends Exception> R step(
      Step step, Class<R> type, StepBody<R, X> body) throws X {
    return steps().run(step, type, body);
  }

  @Override
  public <R extends @Nullable Object, X extends Exception> R stepIn(
      Step step, Class<R> type, TxFunction<R, X> body) throws X {
    return steps().runIn(step, type, body);
  }

  @Override
  public Children in(Tx tx) {
    Args.notNull(tx, "tx");
    requireOpen("children come too late");
    return sql.children(this, tx);
  }

  @Override
  public <A> List<JobId> enqueueAll(JobKind<A> kind, List<A> args, JobOptions options) {
    requireOpen("children come too late");
    return sql.children(this).enqueueAll(kind, args, options);
  }

  @Override
  public Map<String, JobId> enqueue(JobGraph graph) {
    requireOpen("children come too late");
    return sql.children(this).enqueue(graph);
  }

  /** Made when first asked for: most runs have no steps. */
  private synchronized RunSteps steps() {
    if (steps == null) {
      steps = sql.steps(this);
    }
    return steps;
  }

  /** After its completion a run holds no claim, though nobody has taken its job over. */
  synchronized void requireOpen(String what) {
    if (committed || state == State.COMPLETING) {
      throw new IllegalStateException(
          "Job " + job.id() + " was completed already, and " + what + ": call completeIn last");
    }
    requireClaim();
  }

  /** A released or lost run must not go on writing, whatever the database would say. */
  private void requireClaim() {
    if (state == State.ENDED || refused) {
      throw new LostClaimException(id(), job.epoch());
    }
  }

  synchronized LostClaimException lost() {
    cancelled = true;
    refused = true;
    return new LostClaimException(id(), job.epoch());
  }
}
