package dev.plinth.quota.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.tx.Tx;
import dev.plinth.quota.Limit;
import dev.plinth.quota.Quotas;
import dev.plinth.quota.UserQuotas;
import java.util.List;

/** The limits of users, kept in PostgreSQL and decided there. */
public final class PostgresQuotas extends ScopedQuotas implements Quotas {
  private final List<Limit> limits;

  /** For one Plinth. */
  public PostgresQuotas(Plinth plinth, Catalogue catalogue) {
    super(TxScope.standalone(plinth), catalogue, Statements.of(plinth.schema()), plinth.events());
    this.limits = catalogue.limits();
  }

  @Override
  public UserQuotas in(Tx tx) {
    return in(TxScope.of(tx));
  }

  @Override
  public List<Limit> limits() {
    return limits;
  }

  /** Holds nothing: connections belong to the host's pool. */
  @Override
  public void close() {}
}
