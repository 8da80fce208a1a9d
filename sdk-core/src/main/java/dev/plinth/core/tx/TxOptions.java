package dev.plinth.core.tx;

import dev.plinth.core.spi.Args;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How Plinth opens a transaction of its own. Immutable; start from {@link #defaults()}. Work that
 * takes part in a transaction which is running already takes it as it is: isolation and attempts
 * are those of whoever opened it.
 *
 * @param isolation what the transaction sees of others
 * @param maxAttempts how often the work may run in all when PostgreSQL reports a serialization
 *     failure (40001) or a deadlock (40P01); at least 1
 * @param tenant the tenant whose rows it writes, or null
 * @param acrossTenants whether row-level security, where it is in use, lets it see and write the
 *     rows of every tenant; not together with a tenant
 */
public record TxOptions(
    Isolation isolation, int maxAttempts, @Nullable String tenant, boolean acrossTenants) {
  private static final TxOptions DEFAULTS = new TxOptions(Isolation.DEFAULT, 5, null, false);

  /** The isolation levels that PostgreSQL tells apart. */
  public enum Isolation {
    /** What the DataSource's connections have, normally READ COMMITTED; costs no statement. */
    DEFAULT,
    /** Each statement sees what was committed before it began. */
    READ_COMMITTED,
    /** Every statement sees the state at the first one. */
    REPEATABLE_READ,
    /** As if transactions ran one after the other. */
    SERIALIZABLE
  }

  /** Checks the arguments. */
  public TxOptions {
    Args.notNull(isolation, "isolation");
    Args.range(maxAttempts, 1, 1000, "maxAttempts");
    if (tenant != null) {
      Args.text(tenant, 255, "tenant");
      Args.check(!acrossTenants, "acrossTenants must not be combined with a tenant");
    }
  }

  /** The DataSource's isolation, five attempts, no tenant. */
  public static TxOptions defaults() {
    return DEFAULTS;
  }

  /** The same with another isolation level. */
  public TxOptions withIsolation(Isolation isolation) {
    return new TxOptions(isolation, maxAttempts, tenant, acrossTenants);
  }

  /** The same with another number of attempts; 1 means no repetition. */
  public TxOptions withMaxAttempts(int maxAttempts) {
    return new TxOptions(isolation, maxAttempts, tenant, acrossTenants);
  }

  /** The same on behalf of a tenant, and of no other. */
  public TxOptions withTenant(String tenant) {
    return new TxOptions(isolation, maxAttempts, Args.text(tenant, 255, "tenant"), false);
  }

  /**
   * The same for work that is nobody's in particular, such as sweeps: row-level security, where it
   * is in use, hides no tenant's rows from the transaction's SQL. Repositories find by tenant all
   * the same, and so find those without one.
   */
  public TxOptions withAllTenants() {
    return new TxOptions(isolation, maxAttempts, null, true);
  }

  /** The tenant whose rows the transaction writes. */
  public Optional<String> tenantId() {
    return Optional.ofNullable(tenant);
  }
}
