package dev.plinth.oauth.internal.store;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import dev.plinth.oauth.StoredToken;
import dev.plinth.oauth.TokenRefresh;
import dev.plinth.oauth.TokenSet;
import dev.plinth.oauth.TokenStore;
import dev.plinth.oauth.TokenStored;
import dev.plinth.oauth.internal.Announcements;
import dev.plinth.oauth.internal.TokenKey;
import dev.plinth.oauth.internal.provider.ProviderRepository;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** {@code oauth2_tokens}, for one scope. */
public final class GrantRepository {
  private final StoreGrant store;
  private final FindGrant find;
  private final RevokeGrant revoke;
  private final Announcements announcements;

  /** For one Plinth. */
  public GrantRepository(
      Plinth plinth,
      ProviderRepository providers,
      Revocations revocations,
      Announcements announcements) {
    this.store = new StoreGrant(plinth, providers);
    this.find = new FindGrant(plinth);
    this.revoke = new RevokeGrant(plinth, revocations, announcements);
    this.announcements = announcements;
  }

  /** The store in one scope; the tenant is the transaction's. */
  public TokenStore in(TxScope scope) {
    return new Scoped(scope);
  }

  private final class Scoped implements TokenStore {
    private final TxScope scope;

    Scoped(TxScope scope) {
      this.scope = scope;
    }

    @Override
    public StoredToken store(UUID userId, String provider, TokenSet tokens) {
      TokenKey.check(userId, provider);
      Args.notNull(tokens, "tokens");
      return scope.returning(
          tx -> {
            TokenKey key = key(Writable.require(tx), userId, provider);
            store.store(tx, key, tokens);
            StoredToken stored = find.find(tx, key).orElseThrow();
            announcements.announce(
                tx, key, new TokenStored(stored.id(), userId, provider, stored.version()));
            return stored;
          });
    }

    @Override
    public Optional<StoredToken> find(UUID userId, String provider) {
      TokenKey.check(userId, provider);
      return scope.returning(tx -> find.find(tx, key(tx, userId, provider)));
    }

    @Override
    public boolean revoke(UUID userId, String provider) {
      TokenKey.check(userId, provider);
      return scope.returning(tx -> revoke.revoke(Writable.require(tx), key(tx, userId, provider)));
    }

    @Override
    public List<TokenRefresh> refreshes(UUID userId, String provider) {
      TokenKey.check(userId, provider);
      return scope.returning(tx -> find.refreshes(tx, key(tx, userId, provider)));
    }

    private static TokenKey key(Tx tx, UUID userId, String provider) {
      return new TokenKey(tx.tenantId().orElse(null), userId, provider);
    }
  }
}
