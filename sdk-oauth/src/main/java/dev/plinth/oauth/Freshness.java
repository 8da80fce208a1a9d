package dev.plinth.oauth;

/** What {@link Tokens#fresh} found: a token that can be used, or a user who must be asked. */
public sealed interface Freshness permits Fresh, NeedsConsent {
  /**
   * The token.
   *
   * @throws ConsentNeededException when there is none
   */
  Fresh orElseThrow();
}
