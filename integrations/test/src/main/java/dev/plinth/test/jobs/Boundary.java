package dev.plinth.test.jobs;

/**
 * Where in a job's life a process may die. Between two statements there is one boundary, since a
 * database cannot tell after the one from before the other.
 */
public enum Boundary {
  /** Before a statement of the background work that any node may do. */
  SWEEPING,
  /** Before a statement that claims. */
  CLAIMING,
  /**
   * Before the claim commits, where it is in a transaction: under row-level security, and where
   * connections come with auto-commit off. Elsewhere it is one statement.
   */
  BEFORE_CLAIM_COMMIT,
  /** The claim is durable; the handler has not begun. */
  AFTER_CLAIM,
  /** The handler is about to begin. */
  HANDLER_BEGUN,
  /** Before a statement of the handler. */
  IN_HANDLER,
  /** Before a transaction of the handler commits. */
  BEFORE_HANDLER_COMMIT,
  /** After a transaction of the handler has committed. */
  AFTER_HANDLER_COMMIT,
  /** Where the test's code called {@link Crash#at}. */
  NAMED,
  /** The handler has ended; nothing of that is written. */
  BEFORE_COMPLETION,
  /** Before a later statement that writes the attempt's end. */
  COMPLETING,
  /** Before the end of the attempt commits. */
  BEFORE_COMPLETION_COMMIT,
  /** The end of the attempt is durable. */
  AFTER_COMPLETION,
  /**
   * After a COMMIT, or a statement in auto-commit, whose answer is lost; only for {@link
   * CrashKit#cut()}, which makes the connection fail at this very moment.
   */
  AFTER_COMMIT_UNANSWERED
}
