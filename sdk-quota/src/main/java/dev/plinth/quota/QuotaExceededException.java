package dev.plinth.quota;

import dev.plinth.core.PlinthException;
import dev.plinth.core.spi.Args;

/** A charge was denied and its caller wanted an exception. Nothing was charged. */
public final class QuotaExceededException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final transient Decision.Denied denied;

  /** For a denial. */
  public QuotaExceededException(Decision.Denied denied) {
    super(message(Args.notNull(denied, "denied")));
    this.denied = denied;
  }

  /** The denial: every limit asked, and when to try again. */
  public Decision.Denied denied() {
    return denied;
  }

  private static String message(Decision.Denied denied) {
    return "Quota exceeded for user "
        + denied.userId()
        + ". "
        + denied.explain()
        + denied.retryAfter().map(wait -> "\nTry again in " + wait.toSeconds() + " s").orElse("");
  }
}
