package dev.plinth.oauth;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Args;
import dev.plinth.oauth.internal.Engine;
import dev.plinth.oauth.internal.provider.ProviderRepository;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Collects what {@link Tokens} needs. Defaults: no providers besides those in the database, a lease
 * of 30 seconds, a patience of one minute. Not safe for use by many threads.
 */
public final class TokensBuilder {
  private final Plinth plinth;
  private final Map<String, Provider> providers = new LinkedHashMap<>();
  private Duration lease = Duration.ofSeconds(30);
  private Duration patience = Duration.ofMinutes(1);

  TokensBuilder(Plinth plinth) {
    this.plinth = plinth;
  }

  /** A provider for every tenant without one of its own; {@link #build()} saves it. */
  public TokensBuilder provider(Provider provider) {
    providers.put(Args.notNull(provider, "provider").name(), provider);
    return this;
  }

  /**
   * How long a refresh lease holds unless it is extended; longer than every provider's timeout. If
   * the process that holds it dies, another may take over once the lease has ended and the
   * process's instance was declared dead.
   */
  public TokensBuilder lease(Duration lease) {
    this.lease = Args.positive(lease, "lease");
    return this;
  }

  /** How long a caller of {@link Tokens#fresh} waits for a refresh that somebody else does. */
  public TokensBuilder patience(Duration patience) {
    this.patience = Args.positive(patience, "patience");
    return this;
  }

  /**
   * Makes the {@link Tokens}. If providers were given, they are saved in the thread's current
   * transaction or a short one of its own, unless they stand there already word for word; the
   * schema must have been migrated. Otherwise opens no connection.
   *
   * @throws IllegalArgumentException when a provider's timeout is not shorter than the lease
   */
  public Tokens build() {
    providers.values().forEach(p -> ProviderRepository.requireShorterThanLease(p, lease));
    return new Tokens(new Engine(plinth, List.copyOf(providers.values()), lease, patience), null);
  }
}
