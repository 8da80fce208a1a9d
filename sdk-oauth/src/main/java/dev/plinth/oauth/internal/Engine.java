package dev.plinth.oauth.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.oauth.Freshness;
import dev.plinth.oauth.Provider;
import dev.plinth.oauth.TokenStore;
import dev.plinth.oauth.internal.http.ProviderCalls;
import dev.plinth.oauth.internal.provider.ProviderRepository;
import dev.plinth.oauth.internal.refresh.Refresher;
import dev.plinth.oauth.internal.refresh.TokenMemory;
import dev.plinth.oauth.internal.store.GrantRepository;
import dev.plinth.oauth.internal.store.Revocations;
import java.time.Duration;
import java.util.List;

/** The module's parts and how they hang together. Safe for use by many threads. */
public final class Engine implements AutoCloseable {
  private final Plinth plinth;
  private final Duration lease;
  private final TokenMemory memory;
  private final Refresher refresher;
  private final GrantRepository grants;
  private final List<Subscription> subscriptions;
  private volatile boolean closed;

  /** Puts the parts together and saves the given providers, if there are any. */
  public Engine(Plinth plinth, List<Provider> declared, Duration lease, Duration patience) {
    this.plinth = plinth;
    this.lease = lease;
    this.memory = new TokenMemory(plinth);
    ProviderRepository providers = providers(TxScope.standalone(plinth));
    if (!declared.isEmpty()) {
      // They are the installation's own, so no tenant's policy would let them through.
      plinth.transact(
          TxOptions.defaults().withAllTenants(),
          tx -> declared.forEach(providers(TxScope.of(tx))::declare));
    }
    ProviderCalls calls = new ProviderCalls(plinth.json(), plinth.clock());
    Revocations revocations = new Revocations(plinth, providers, calls);
    Announcements announcements = new Announcements(plinth, this::changed);
    this.refresher =
        new Refresher(
            plinth, providers, calls, revocations, announcements, memory, lease, patience);
    this.grants = new GrantRepository(plinth, providers, revocations, announcements);
    this.subscriptions =
        List.of(
            plinth.notifications().subscribe(Announcements.TOPIC, this::hinted),
            plinth
                .maintenance()
                .register("oauth.revocations", Duration.ofMinutes(1), revocations::sweep));
  }

  /** A usable token, or who must be asked for one. */
  public Freshness fresh(TokenKey key) {
    if (closed) {
      throw new IllegalStateException("Tokens is closed: make a new one");
    }
    return refresher.fresh(key);
  }

  /** Grants, in one scope. */
  public TokenStore grants(TxScope scope) {
    return grants.in(scope);
  }

  /** Providers, in one scope. */
  public ProviderRepository providers(TxScope scope) {
    return new ProviderRepository(plinth, scope, lease);
  }

  /** Which Plinth it works for. */
  public Plinth plinth() {
    return plinth;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      subscriptions.forEach(Subscription::close);
      refresher.drain();
      memory.forgetAll();
    }
  }

  private void hinted(String payload) {
    if (payload.isEmpty()) {
      memory.forgetAll();
    } else {
      TokenKey.parse(payload).ifPresent(this::changed);
    }
  }

  private void changed(TokenKey key) {
    refresher.changed(key);
  }
}
