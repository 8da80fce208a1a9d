package dev.plinth.quota;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Args;
import dev.plinth.quota.internal.Catalogue;
import dev.plinth.quota.internal.PostgresQuotas;
import java.util.TreeMap;

/**
 * Collects the limits that users have; at least one. Every node of a host should run with the same
 * catalogue. Not safe for use by many threads.
 */
public final class QuotasBuilder {
  private final Plinth plinth;
  private final TreeMap<String, Limit> limits = new TreeMap<>();

  QuotasBuilder(Plinth plinth) {
    this.plinth = Args.notNull(plinth, "plinth");
  }

  /**
   * A limit of the default catalogue with another cap, or a gauge of the host's own when the name
   * is not one of those.
   */
  public QuotasBuilder limit(String name, long cap) {
    return limit(named(name).withCap(cap));
  }

  /** A limit with a window; one of the default catalogue's names keeps its unit. */
  public QuotasBuilder limit(String name, long cap, Window window) {
    return limit(named(name).withCap(cap).withWindow(window));
  }

  /**
   * A limit.
   *
   * @throws IllegalArgumentException when there is one of this name already
   */
  public QuotasBuilder limit(Limit limit) {
    Args.notNull(limit, "limit");
    Args.check(
        limits.putIfAbsent(limit.name(), limit) == null,
        "limit must be new, but the catalogue has " + limit.name() + " already");
    return this;
  }

  /**
   * Makes the quotas. Opens no connection.
   *
   * @throws IllegalArgumentException when there is no limit
   */
  public Quotas build() {
    Args.check(!limits.isEmpty(), "limit must be given at least once");
    return new PostgresQuotas(plinth, new Catalogue(limits));
  }

  private static Limit named(String name) {
    return Limit.defaults().stream()
        .filter(limit -> limit.name().equals(name))
        .findFirst()
        .orElseGet(() -> Limit.of(name, 0, Window.gauge()));
  }
}
