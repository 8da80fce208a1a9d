package dev.plinth.oauth;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.oauth.internal.Engine;
import dev.plinth.oauth.internal.TokenKey;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The OAuth2 tokens of the host's users: stored encrypted, refreshed once in the whole cluster,
 * revoked everywhere.
 *
 * <pre>{@code
 * Tokens tokens =
 *     Tokens.builder(plinth)
 *         .provider(
 *             Provider.builder("acme")
 *                 .tokenEndpoint("https://acme.example/oauth/token")
 *                 .clientId(id)
 *                 .clientSecret(secret)
 *                 .build())
 *         .build();
 *
 * tokens.store(userId, "acme", TokenSet.of(access).refreshToken(refresh).expiresIn(oneHour));
 *
 * if (tokens.fresh(userId, "acme") instanceof Fresh fresh) {
 *   request.header("Authorization", fresh.accessToken().asBearer());
 * }
 * }</pre>
 *
 * <p>Calls other than {@link #fresh} run in the thread's current transaction or a short one of
 * their own, on behalf of that transaction's tenant; {@link #in(Tx)} gives them in a transaction at
 * hand, {@link #forTenant} on behalf of a tenant. Blocks; safe for use by many threads.
 */
public final class Tokens implements TokenStore, AutoCloseable {
  private final Engine engine;
  private final @Nullable String tenant;
  private final TxScope scope;
  private final TokenStore grants;

  Tokens(Engine engine, @Nullable String tenant) {
    this.engine = engine;
    this.tenant = tenant;
    this.scope = tenant == null ? TxScope.standalone(engine.plinth()) : onBehalfOf(tenant);
    this.grants = engine.grants(scope);
  }

  /** With the defaults; providers are those in the database. Opens no connection. */
  public static Tokens create(Plinth plinth) {
    return builder(plinth).build();
  }

  /** Begins with a Plinth, whose builder must have been given keys. */
  public static TokensBuilder builder(Plinth plinth) {
    return new TokensBuilder(Args.notNull(plinth, "plinth"));
  }

  /** The same on behalf of a tenant; closing it closes nothing. */
  public Tokens forTenant(String tenant) {
    return new Tokens(engine, Args.text(tenant, 255, "tenant"));
  }

  /** What can be done with grants in the given transaction, and as its tenant. */
  public TokenStore in(Tx tx) {
    return engine.grants(TxScope.of(tx));
  }

  /** The repository of providers. */
  public Providers providers() {
    return engine.providers(scope);
  }

  /**
   * An access token that can be used now, or who must be asked for one: from memory, else from the
   * database, else by one refresh in the whole cluster.
   *
   * <p>A token counts as fresh while more than 30 seconds of it are left, or a quarter of its
   * lifetime if that is less. While it cannot be refreshed, one that is still accepted is given out
   * to its end. However many threads and nodes ask at once, a refresh token is sent once, and all
   * get the new token; it is sent a second time only when nobody can know whether it was received:
   * after a call without a usable answer, or when the process that sent it was declared dead.
   *
   * <p>Reads and writes in short transactions of its own, even when the calling thread is in one,
   * and holds no connection while it waits or calls the provider. So it does not see what the
   * calling thread's transaction has not committed, and inside a transaction it needs a second
   * connection: call it before beginning one.
   *
   * <p>Blocks for at most the builder's patience while others refresh, and for the provider's
   * timeout, twice at worst, when this thread does. Interrupting a thread that refreshes takes
   * effect once the answer is stored.
   *
   * @throws TokenRefreshException when the refresh failed for now and the old token has ended
   * @throws IllegalStateException when a refresh is needed before {@code plinth.start()}
   * @throws dev.plinth.core.vault.VaultException when the stored tokens cannot be decrypted;
   *     nothing was sent
   */
  public Freshness fresh(UUID userId, String provider) {
    TokenKey.check(userId, provider);
    return engine.fresh(new TokenKey(tenant(), userId, provider));
  }

  @Override
  public StoredToken store(UUID userId, String provider, TokenSet tokens) {
    return grants.store(userId, provider, tokens);
  }

  @Override
  public Optional<StoredToken> find(UUID userId, String provider) {
    return grants.find(userId, provider);
  }

  @Override
  public boolean revoke(UUID userId, String provider) {
    return grants.revoke(userId, provider);
  }

  @Override
  public List<TokenRefresh> refreshes(UUID userId, String provider) {
    return grants.refreshes(userId, provider);
  }

  /**
   * Takes no more calls to {@link #fresh} and waits for those under way, so that their answers are
   * stored. Close it before Plinth. Does nothing the second time.
   */
  @Override
  public void close() {
    if (tenant == null) {
      engine.close();
    }
  }

  private @Nullable String tenant() {
    return tenant != null
        ? tenant
        : engine.plinth().currentTransaction().flatMap(Tx::tenantId).orElse(null);
  }

  private TxScope onBehalfOf(String tenant) {
    return new TxScope() {
      @Override
      public <T extends @Nullable Object> T returning(TxFunction<T, RuntimeException> work) {
        return engine.plinth().transactReturning(TxOptions.defaults().withTenant(tenant), work);
      }
    };
  }
}
