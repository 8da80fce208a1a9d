package dev.plinth.oauth;

import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.Optional;

/**
 * The repository of {@code oauth2_providers}. Standalone calls run in the thread's current
 * transaction or a short one of their own; {@link #in(Tx)} gives the same in a transaction at hand.
 * Blocks; safe for use by many threads.
 *
 * <p>In a tenant, that tenant's providers are written, and those of no tenant are found where it
 * has none of its own under that name.
 */
public interface Providers {
  /** The same repository, working in the given transaction. */
  Providers in(Tx tx);

  /**
   * Creates or replaces the provider of this name and closes its breaker. A missing secret keeps
   * the stored one, unless the client is public.
   *
   * @throws IllegalArgumentException when the timeout is not shorter than the refresh lease, or the
   *     authentication needs a secret and none is given or stored
   */
  Provider save(Provider provider);

  /** The provider of this name, without its secret. */
  Optional<Provider> find(String name);

  /** Every provider that can be used here, by name, without their secrets. */
  List<Provider> list();
}
