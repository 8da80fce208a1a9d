package dev.plinth.quota;

import dev.plinth.core.Plinth;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.usage.UsageMeter;
import dev.plinth.quota.internal.QuotaMeter;
import java.util.List;

/**
 * The limits of a host's users, made once and used by everyone.
 *
 * <pre>{@code
 * Quotas quotas = Quotas.builder(plinth).limit("storage_mb", 5_000).limit("req_hour", 1_000, perHour()).build();
 *
 * plinth.transact(tx -> {
 *   files.insert(tx.connection(), file);
 *   quotas.in(tx).chargeOrThrow(userId, "storage_mb", 12);
 * });
 *
 * switch (quotas.charge(userId, "req_hour", 1)) { … }
 * }</pre>
 *
 * <p>Safe for use by many threads. Making one opens no connection and starts no thread.
 */
public interface Quotas extends UserQuotas, AutoCloseable {
  /** Begins a catalogue of the host's own. */
  static QuotasBuilder builder(Plinth plinth) {
    return new QuotasBuilder(plinth);
  }

  /** With the default catalogue, {@link Limit#defaults()}. */
  static Quotas create(Plinth plinth) {
    QuotasBuilder builder = builder(plinth);
    Limit.defaults().forEach(builder::limit);
    return builder.build();
  }

  /** The same limits, working in the given transaction. */
  UserQuotas in(Tx tx);

  /** The catalogue, in the order of the names. */
  List<Limit> limits();

  /**
   * These limits as a meter for what users have used already, such as the processor time of their
   * jobs. Where a limit does not allow the amount, what remains of it is charged all the same, so
   * that nothing is left to be used: used ends at the cap, never above it. The violation is
   * recorded and announced as with {@link #charge}. Charges join the given transaction.
   */
  default UsageMeter meter() {
    return new QuotaMeter(this);
  }

  /** Releases what this object holds; close it before its Plinth. Never throws. */
  @Override
  void close();
}
