package dev.plinth.core.restore;

/**
 * What {@code plinth.afterRestore} does beyond what is always right. Immutable.
 *
 * @param othersMayRun whether it goes on while other instances are alive by the database's clock
 * @param endsSessions whether every log-in session is ended
 * @param revokesApiKeys whether every API key is revoked
 * @param trustsGrants whether OAuth grants are believed until their access tokens end, instead of
 *     being checked with their provider at the next use
 */
public record RestoreOptions(
    boolean othersMayRun, boolean endsSessions, boolean revokesApiKeys, boolean trustsGrants) {
  private static final RestoreOptions DEFAULTS = new RestoreOptions(false, false, false, false);

  /**
   * Refuses while other instances are alive, leaves sessions and API keys as they were at the time
   * of the backup, and has OAuth grants checked at their next use.
   */
  public static RestoreOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Goes on although other instances are alive. Each of them finds itself declared dead at its next
   * heartbeat and goes on under a new id, as after a pause that was too long. What they hold in
   * memory of the time that was lost (settings, permissions, access tokens, data keys of the vault)
   * they keep for as long as their caches do: restart them.
   */
  public RestoreOptions whileOthersRun() {
    return new RestoreOptions(true, endsSessions, revokesApiKeys, trustsGrants);
  }

  /**
   * Ends every session. Without it, those that were ended after the backup are alive again until
   * they expire.
   */
  public RestoreOptions endingSessions() {
    return new RestoreOptions(othersMayRun, true, revokesApiKeys, trustsGrants);
  }

  /**
   * Revokes every API key. Without it, those that were revoked after the backup are valid again
   * until they expire; whoever knows which they are revokes those alone instead.
   */
  public RestoreOptions revokingApiKeys() {
    return new RestoreOptions(othersMayRun, endsSessions, true, trustsGrants);
  }

  /**
   * Hands out access tokens for as long as they say they are valid. Without it, every grant that
   * can be refreshed is refreshed at its next use, since its refresh token may have been spent, or
   * the grant withdrawn, in the time that was lost.
   */
  public RestoreOptions trustingGrants() {
    return new RestoreOptions(othersMayRun, endsSessions, revokesApiKeys, true);
  }
}
