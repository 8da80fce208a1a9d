package dev.plinth.oauth.internal;

import dev.plinth.core.spi.Restoring;

/**
 * Grants in a restored database. A refresh token that was rotated after the backup is dead at the
 * provider, and a grant may have been withdrawn: only the provider knows. So the access token of
 * every grant that can be refreshed ends now; the next use refreshes it, and an {@code
 * invalid_grant} makes it one that needs consent. Versions are raised, so that an answer to a
 * refresh of the lost time is no grant's here.
 */
final class OAuthAfterRestore {
  private static final String INTENTS =
      """
      UPDATE {schema}.oauth2_token_refreshes
      SET outcome = 'unknown',
          error_class = 'unknown',
          error = 'restored',
          finished_at = {now}
      WHERE kind = 'refresh'
        AND outcome = 'pending'
      """;

  private static final String REVOCATIONS =
      """
      UPDATE {schema}.oauth2_token_refreshes
      SET next_attempt_at = {now}
      WHERE kind = 'revocation'
        AND outcome = 'pending'
      """;

  /** They go with the version whose refresh token they sent. */
  private static final String INTENTS_OF_VERSION =
      """
      UPDATE {schema}.oauth2_token_refreshes r
      SET base_version = r.base_version + ?
      FROM {schema}.oauth2_tokens t
      WHERE t.id = r.token_id
        AND r.base_version = t.version
      """;

  private static final String GRANTS =
      """
      UPDATE {schema}.oauth2_tokens
      SET version = version + ?,
          lease_owner = NULL,
          lease_until = NULL,
          lease_fence = lease_fence + ?,
          refresh_id = NULL
      """;

  private static final String CHECK =
      """
      UPDATE {schema}.oauth2_tokens
      SET expires_at = {now},
          next_attempt_at = NULL
      WHERE status = 'active'
        AND refresh_token IS NOT NULL
        AND expires_at > {now}
      """;

  private OAuthAfterRestore() {}

  static void run(Restoring restoring) {
    restoring.change("refreshes whose outcome nobody knows", INTENTS);
    restoring.change("revocations to be told again", REVOCATIONS);
    restoring.change(
        "refreshes renumbered with their grants", INTENTS_OF_VERSION, Restoring.FENCES_SKIPPED);
    restoring.change(
        "grants made safe", GRANTS, Restoring.FENCES_SKIPPED, Restoring.FENCES_SKIPPED);
    if (!restoring.options().trustsGrants()) {
      restoring.change("grants to be checked at their next use", CHECK);
    }
  }
}
