package dev.plinth.oauth;

/** What a failed call to a provider means for the next one. */
public enum ErrorClass {
  /** The provider refuses this grant for good; only the user can help, by consenting again. */
  TERMINAL,
  /**
   * The provider refuses this client or this request: settings are wrong. No user is condemned; the
   * grant pauses, and so does every refresh at the provider when it is the client that is refused.
   */
  CONFIGURATION,
  /** Try again later: too busy, under maintenance, or not to be reached. */
  TRANSIENT,
  /** The call was sent and no usable answer came back: the provider may or may not have acted. */
  UNKNOWN
}
