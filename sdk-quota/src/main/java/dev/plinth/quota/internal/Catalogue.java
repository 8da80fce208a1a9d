package dev.plinth.quota.internal;

import dev.plinth.core.spi.Args;
import dev.plinth.quota.Charge;
import dev.plinth.quota.Limit;
import dev.plinth.quota.Window;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The limits by name, and what the statements need to know of them. Immutable. */
public final class Catalogue {
  private final SortedMap<String, Limit> limits;

  /** Of these limits. */
  public Catalogue(Map<String, Limit> limits) {
    this.limits = Collections.unmodifiableSortedMap(new TreeMap<>(limits));
  }

  List<Limit> limits() {
    return List.copyOf(limits.values());
  }

  /**
   * The limit of that name.
   *
   * @throws IllegalArgumentException that lists the known ones
   */
  Limit get(@Nullable String name) {
    Limit limit = limits.get(Args.notNull(name, "limit"));
    if (limit == null) {
      throw new IllegalArgumentException(
          "limit must be one of " + String.join(", ", limits.keySet()));
    }
    return limit;
  }

  /** The charge as arrays for a statement. */
  Asked ask(Charge charge) {
    return Asked.of(
        charge.amounts().keySet().stream().map(this::get).toList(),
        limit -> Micros.ofAmount(charge.amounts().get(limit.name()), "amount"));
  }

  /** Every limit, with nothing asked of it. */
  Asked askNothing() {
    return Asked.of(limits(), limit -> 0);
  }

  /**
   * As {@link #ask}, for a release.
   *
   * @throws IllegalArgumentException when one of the limits is no gauge
   */
  Asked askGauges(Charge amounts) {
    for (String name : amounts.amounts().keySet()) {
      Args.check(
          get(name).window() instanceof Window.Gauge,
          "limit must be a gauge to be released, but "
              + name
              + " counts "
              + get(name).window().describe()
              + " and begins anew by itself");
    }
    return ask(amounts);
  }
}
