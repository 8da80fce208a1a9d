package dev.plinth.jobs;

import dev.plinth.core.tx.Tx;
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
 * happen exactly once only when they commit together with {@link #completeIn(Tx)}.
 */
public interface JobRun {
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
