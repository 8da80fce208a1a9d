package dev.plinth.audit.internal;

import dev.plinth.core.spi.Args;
import dev.plinth.core.tx.Tx;
import org.jspecify.annotations.Nullable;

/** Whose rows are meant: the transaction's tenant and the one a caller names must agree. */
final class Tenants {
  private Tenants() {}

  static @Nullable String of(Tx tx, @Nullable String named) {
    String bound = tx.tenantId().orElse(null);
    Args.check(
        bound == null || named == null || bound.equals(named),
        "tenant must be that of the transaction, or be left out");
    return named == null ? bound : named;
  }
}
