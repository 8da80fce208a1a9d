package dev.plinth.oauth;

import dev.plinth.core.PlinthException;

/** No provider of this name has been saved for the tenant or for everyone. */
public final class UnknownProviderException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final String provider;

  /** With the name. */
  public UnknownProviderException(String provider) {
    super(
        "No provider \""
            + provider
            + "\" is known: save it with tokens.providers().save(…) or name it to the builder");
    this.provider = provider;
  }

  /** The name that was asked for. */
  public String provider() {
    return provider;
  }
}
