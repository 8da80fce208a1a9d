package dev.plinth.quota.internal;

import dev.plinth.core.tx.Tx;
import dev.plinth.core.usage.Metered;
import dev.plinth.core.usage.UsageMeter;
import dev.plinth.quota.Charge;
import dev.plinth.quota.Decision;
import dev.plinth.quota.Quotas;
import dev.plinth.quota.UserQuotas;
import java.math.BigDecimal;
import java.util.UUID;

/** Charges limits with what was used already. */
public final class QuotaMeter implements UsageMeter {
  private final Quotas quotas;

  /** Over the limits of a catalogue. */
  public QuotaMeter(Quotas quotas) {
    this.quotas = quotas;
  }

  @Override
  public Metered charge(Tx tx, UUID userId, String resource, BigDecimal amount) {
    UserQuotas limits = quotas.in(tx);
    if (!(limits.charge(userId, Charge.of(resource, amount)) instanceof Decision.Denied denied)) {
      return new Metered.Granted();
    }
    // The denial keeps the row locked, so this much is still there.
    BigDecimal left = denied.exceeded().get(0).usage().remaining();
    if (left.signum() > 0) {
      limits.charge(userId, Charge.of(resource, left));
    }
    return new Metered.Refused(denied.explain());
  }
}
