package dev.plinth.jobs;

import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxFunction;
import java.sql.Connection;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at a job, as its handler sees it. Everything it writes matches the claim's epoch, so
 * that a run whose job was taken over by another instance changes nothing and is told so by {@link
 * LostClaimException}. Safe for use by the threads of one handler.
 *
 * <p>Jobs run at least once. {@link #fence} keeps zombies out of the handler's own writes; effects
 * happen exactly once only when they commit together with {@link #completeIn(Tx)}, or in a step of
 * {@link #stepIn}.
 *
 * <p>What is enqueued through a run is enqueued in the thread's current transaction, or else in a
 * short one of the job's tenant.
 */
public interface JobRun extends Children {
  /** The job. */
  JobId id();

  /** Number of this attempt, from 1 on. */
  int attempt();

  /** Attempts after which the job is failed. */
  int maxAttempts();

  /** Number of this claim, which fences it: higher with every claim of the job. */
  int epoch();

  /** The version the arguments were written for, at most the handler's own. */
  int version();

  /** The user who owns the job. */
  Optional<UUID> userId();

  /** The tenant it belongs to. */
  Optional<String> tenantId();

  /** Its batch. */
  Optional<BatchId> batch();

  /** Its parent. */
  Optional<JobId> parent();

  /**
   * True when this run should end: its job was cancelled, it has taken too long, its claim is lost,
   * or the instance is shutting down and its grace period over. Its thread is interrupted at the
   * same time, and a statement that it waits for in a transaction with {@link #fence} is cancelled
   * in the database. Sends no statement.
   */
  boolean isCancelled();

  /**
   * Puts the job off: it comes back after this time, which does not count as an attempt. Its
   * progress is kept. Never returns; written {@code throw run.snooze(…)} so that the compiler knows
   * it.
   *
   * @param delay from a millisecond to 366 days
   * @throws SnoozeException always; let it leave the handler
   * @throws IllegalStateException when the job was claimed {@value #MOST_CLAIMS} times or more,
   *     since each is kept as an attempt: such a job should be a schedule
   */
  SnoozeException snooze(Duration delay);

  /** Claims after which a job can no longer be put off. */
  int MOST_CLAIMS = 100_000;

  /**
   * Gives the job up: it has failed for good, whatever its retry policy says, and can be retried by
   * hand. Never returns; written {@code throw run.discard(…)}.
   *
   * @param reason in words, at most 1,000 characters
   * @throws DiscardException always; let it leave the handler
   */
  DiscardException discard(String reason);

  /**
   * Tells how far the run is; best effort. Written at most four times a second, over a short
   * transaction of its own; calls in between send no statement, and what they said is kept with the
   * job when it ends. So is what is said while the calling thread is in a transaction of Plinth's,
   * because a second connection may not be had: it is seen with the next call outside of one.
   *
   * @param done units done, not negative
   * @param total units in all, 0 when not known
   * @param note what it is doing, at most 500 characters, or null
   * @throws LostClaimException when another instance has taken the job over
   */
  void progress(long done, long total, @Nullable String note);

  /**
   * Makes a transaction of the handler's own fail when this run is a zombie: locks the claim {@code
   * FOR SHARE} until that transaction ends, so that nobody can take the job over before. Call it
   * before writing. It excludes zombies; alone it does not make effects happen once, because a
   * crash after the handler's commit and before the completion runs the job again.
   *
   * @param connection in the transaction to protect
   * @throws LostClaimException when another instance has taken the job over; roll back then
   */
  void fence(Connection connection);

  /** As {@link #step(Step, Class, StepBody)}, by its name alone. */
  default <R extends @Nullable Object, X extends Exception> R step(
      String name, Class<R> type, StepBody<R, X> body) throws X {
    return step(Step.of(name), type, body);
  }

  /**
   * Does a part of the run that is not done again: its result is recorded under the step's name,
   * and a later attempt, after a crash or an error in another step, gets the recorded one. That it
   * has begun, its end, its error and its times are recorded for {@link JobQueue#steps} in short
   * transactions of their own, each of them only while the claim holds.
   *
   * <p>The body runs at least once: a crash after it has run and before its result is recorded runs
   * it again. {@link #stepIn} closes that gap for effects in the same database.
   *
   * <p>A step that has failed may be run again by the same run. May be called by several threads,
   * and within the body of another step.
   *
   * @param type the class that the recorded output is read into
   * @return what the body returned, now or when the step completed
   * @throws X what the body throws, once it is recorded
   * @throws LostClaimException when another instance has taken the job over
   * @throws IllegalArgumentException when the input or the result cannot be written as JSON
   * @throws IllegalStateException when this run has begun a step of that name already and it has
   *     not failed, after {@link #completeIn}, or in a transaction of Plinth's, which may hold the
   *     pool's last connection and may yet roll back
   * @throws UnreadableStepException when the recorded output cannot be read as the type
   */
  <R extends @Nullable Object, X extends Exception> R step(
      Step step, Class<R> type, StepBody<R, X> body) throws X;

  /** As {@link #stepIn(Step, Class, TxFunction)}, by its name alone. */
  default <R extends @Nullable Object, X extends Exception> R stepIn(
      String name, Class<R> type, TxFunction<R, X> body) throws X {
    return stepIn(Step.of(name), type, body);
  }

  /**
   * Does a part of the run in a transaction, of the job's tenant, that also records the result:
   * what the body writes in it happens exactly once, as it commits with the record or not at all.
   * The claim is fenced for as long. Unlike a plain step it is seen when it has ended, and not
   * while it runs. Otherwise as {@link #step(Step, Class, StepBody)}.
   *
   * <p>The transaction is repeated, body and all, after a serialization failure or a deadlock.
   */
  <R extends @Nullable Object, X extends Exception> R stepIn(
      Step step, Class<R> type, TxFunction<R, X> body) throws X;

  /**
   * Enqueues jobs under this one in a transaction at hand, which commits them only if this run
   * still holds its job. Cheap.
   */
  Children in(Tx tx);

  /** As {@link #completeIn(Tx, Object)}, without a result. */
  void completeIn(Tx tx);

  /**
   * Completes the job in a transaction, with the handler's own writes in it: both commit or
   * neither, so its effects happen exactly once. What the handler returns afterwards is ignored. If
   * the transaction rolls back after all, the attempt counts as failed, whatever the handler
   * returns.
   *
   * @param result written as JSON; null for none
   * @throws LostClaimException when another instance has taken the job over; roll back then
   * @throws IllegalStateException when this run has ended already
   * @throws dev.plinth.core.tx.DatabaseException also when row-level security hides the job from
   *     the transaction, because it was not opened with {@link #tenantId()}; roll back then
   */
  void completeIn(Tx tx, @Nullable Object result);
}
