package dev.plinth.core.read;

import dev.plinth.core.spi.Args;
import dev.plinth.core.tx.TxOptions.Isolation;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a read is done. Immutable; start from {@link #defaults()}.
 *
 * @param after what the read must see at least: everything committed up to there; null for whatever
 *     the replica has
 * @param whenBehind what becomes of it when the replica does not have that, or does not answer
 * @param isolation what its statements see of others; not {@code SERIALIZABLE}, which a replica
 *     refuses
 * @param tenant the tenant whose rows it reads, or null
 */
public record ReadOptions(
    @Nullable LogPosition after,
    WhenBehind whenBehind,
    Isolation isolation,
    @Nullable String tenant) {
  private static final ReadOptions DEFAULTS =
      new ReadOptions(
          null, new WhenBehind.FallBackToPrimary(Duration.ofMillis(500)), Isolation.DEFAULT, null);

  /** Checks the arguments. */
  public ReadOptions {
    Args.notNull(whenBehind, "whenBehind");
    Args.notNull(isolation, "isolation");
    Args.check(
        isolation != Isolation.SERIALIZABLE,
        "isolation must not be SERIALIZABLE, which a replica refuses: REPEATABLE_READ gives a read"
            + " one consistent state");
    if (tenant != null) {
      Args.text(tenant, 255, "tenant");
    }
  }

  /**
   * Whatever the replica has; the primary when the replica does not answer; the DataSource's
   * isolation; no tenant. With a token, half a second of waiting before the primary is asked.
   */
  public static ReadOptions defaults() {
    return DEFAULTS;
  }

  /** The same for a read that must see everything committed up to there. */
  public ReadOptions withAfter(LogPosition after) {
    return new ReadOptions(Args.notNull(after, "after"), whenBehind, isolation, tenant);
  }

  /** The same with another answer to a replica that is behind. */
  public ReadOptions withWhenBehind(WhenBehind whenBehind) {
    return new ReadOptions(after, whenBehind, isolation, tenant);
  }

  /** The same with another isolation level. */
  public ReadOptions withIsolation(Isolation isolation) {
    return new ReadOptions(after, whenBehind, isolation, tenant);
  }

  /** The same on behalf of a tenant. */
  public ReadOptions withTenant(String tenant) {
    return new ReadOptions(after, whenBehind, isolation, Args.text(tenant, 255, "tenant"));
  }

  /** The tenant whose rows it reads. */
  public Optional<String> tenantId() {
    return Optional.ofNullable(tenant);
  }
}
