package dev.plinth.oauth;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/** A token was demanded where only the user's consent can give one. */
public final class ConsentNeededException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID userId;
  private final String provider;
  private final NeedsConsent.Reason reason;

  /** With who must be asked, where and why. */
  public ConsentNeededException(NeedsConsent needed) {
    super(
        "There is no usable token of user "
            + needed.userId()
            + " at "
            + needed.provider()
            + " ("
            + needed.reason()
            + "): send the user through the provider's consent page and store what comes back");
    this.userId = needed.userId();
    this.provider = needed.provider();
    this.reason = needed.reason();
  }

  /** Whom to ask. */
  public UUID userId() {
    return userId;
  }

  /** Where. */
  public String provider() {
    return provider;
  }

  /** Why. */
  public NeedsConsent.Reason reason() {
    return reason;
  }
}
