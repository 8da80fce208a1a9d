package dev.plinth.oauth.internal;

/**
 * A subscriber failed in the transaction, which therefore rolls back; the cause is what it threw.
 */
public final class SubscriberException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final RuntimeException thrown;

  /** With what the subscriber threw. */
  public SubscriberException(RuntimeException thrown) {
    super("A subscriber failed", thrown);
    this.thrown = thrown;
  }

  /** What the subscriber threw. */
  public RuntimeException thrown() {
    return thrown;
  }
}
