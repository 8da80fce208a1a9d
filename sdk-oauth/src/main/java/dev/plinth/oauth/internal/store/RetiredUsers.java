package dev.plinth.oauth.internal.store;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.UserErased;
import dev.plinth.core.identity.UsersMerged;
import dev.plinth.core.spi.Participation;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.tx.Tx;
import dev.plinth.oauth.internal.Announcements;
import dev.plinth.oauth.internal.TokenKey;
import dev.plinth.oauth.internal.http.ProviderCalls;
import dev.plinth.oauth.internal.provider.ProviderRepository;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * The part of tokens when users are merged or erased.
 *
 * <p>A grant moves with its lease: a refresh that is under way finds it by its id, and its answer
 * is not lost. Of two grants of one provider the taker's counts, unless it is dead and the other is
 * alive; the other is retired without telling the provider, since many end every grant of an
 * account when told of one. Its row stays with the user who was given up, and with it its history
 * and what the provider has yet to be told, by the client that it was granted to.
 */
public final class RetiredUsers {
  private static final Duration UNUSED_LEASE = Duration.ofMinutes(1);

  private static final String LOCK =
      """
      SELECT t.provider
      FROM {schema}.oauth2_tokens t
      WHERE t.user_id IN (?, ?)
      ORDER BY t.id
      FOR UPDATE
      """;

  /** Out of the way of the unique index, which is asked row by row: no name has a blank in it. */
  private static final String PUT_ASIDE =
      """
      UPDATE {schema}.oauth2_tokens t
      SET provider = t.provider || ' ' || t.id
      WHERE t.user_id = ?
        AND t.status <> 'active'
        AND EXISTS (
          SELECT FROM {schema}.oauth2_tokens f
          WHERE f.user_id = ?
            AND f.provider = t.provider
            AND coalesce(f.tenant_id, '') = coalesce(t.tenant_id, '')
            AND f.status = 'active')
      """;

  private static final String GIVE_UP =
      """
      UPDATE {schema}.oauth2_tokens t
      SET user_id = ?,
          provider = split_part(t.provider, ' ', 1)
      WHERE t.user_id = ?
        AND strpos(t.provider, ' ') > 0
      """;

  private static final String MOVE =
      """
      UPDATE {schema}.oauth2_tokens t
      SET user_id = ?
      WHERE t.user_id = ?
        AND NOT EXISTS (
          SELECT FROM {schema}.oauth2_tokens i
          WHERE i.user_id = ?
            AND i.provider = t.provider
            AND coalesce(i.tenant_id, '') = coalesce(t.tenant_id, ''))
      """;

  private static final String RETIRE =
      """
      UPDATE {schema}.oauth2_tokens
      SET status = 'revoked',
          status_reason = 'merged',
          access_token = NULL,
          refresh_token = NULL,
          id_token = NULL,
          version = version + 1,
          granted_version = version + 1,
          lease_owner = NULL,
          lease_until = NULL,
          lease_fence = lease_fence + 1,
          refresh_id = NULL,
          failures = 0,
          next_attempt_at = NULL
      WHERE user_id = ? AND status <> 'revoked'
      """;

  private static final String FORGET_KEPT =
      """
      UPDATE {schema}.oauth2_token_refreshes r
      SET kept_tokens = NULL
      FROM {schema}.oauth2_tokens t
      WHERE t.user_id = ? AND r.token_id = t.id
        AND r.kind = 'refresh' AND r.kept_tokens IS NOT NULL
      """;

  private static final String PROVIDERS =
      """
      SELECT t.provider
      FROM {schema}.oauth2_tokens t
      WHERE t.user_id = ?
      ORDER BY t.id
      """;

  private final Plinth plinth;
  private final Announcements announcements;
  private final RevokeGrant revoke;

  private RetiredUsers(Plinth plinth) {
    this.plinth = plinth;
    // Whoever has tokens in memory hears of it by notification, on this node too.
    this.announcements = new Announcements(plinth, key -> {});
    ProviderRepository providers =
        new ProviderRepository(plinth, TxScope.standalone(plinth), UNUSED_LEASE);
    this.revoke =
        new RevokeGrant(
            plinth,
            new Revocations(plinth, providers, new ProviderCalls(plinth.json(), plinth.clock())),
            announcements);
  }

  /** Takes part from now on. */
  public static void subscribe(Plinth plinth, String module) {
    RetiredUsers part = new RetiredUsers(plinth);
    Participation.inTransaction(
        plinth,
        module,
        UsersMerged.class,
        (tx, event) -> part.merge(tx, event.from(), event.into()));
    Participation.inTransaction(
        plinth, module, UserErased.class, (tx, event) -> part.erase(tx, event.userId()));
  }

  private void merge(Tx tx, UUID from, UUID into) {
    List<String> providers =
        Sql.query(tx.connection(), render(LOCK), row -> row.getString(1), from, into);
    Sql.update(tx.connection(), render(PUT_ASIDE), into, from);
    Sql.update(tx.connection(), render(MOVE), into, from, into);
    Sql.update(tx.connection(), render(GIVE_UP), from, into);
    Sql.update(tx.connection(), render(FORGET_KEPT), from);
    Sql.update(tx.connection(), render(RETIRE), from);
    for (String provider : providers.stream().distinct().toList()) {
      announcements.hint(tx, key(tx, from, provider));
      announcements.hint(tx, key(tx, into, provider));
    }
  }

  private void erase(Tx tx, UUID user) {
    for (String provider :
        Sql.query(tx.connection(), render(PROVIDERS), row -> row.getString(1), user)) {
      revoke.revokeInAnyCase(tx, key(tx, user, provider));
    }
  }

  private static TokenKey key(Tx tx, UUID user, String provider) {
    return new TokenKey(tx.tenantId().orElse(null), user, provider);
  }

  private String render(String sql) {
    return plinth.schema().render(sql);
  }
}
