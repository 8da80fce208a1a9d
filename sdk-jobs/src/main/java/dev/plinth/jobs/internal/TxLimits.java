package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.jobs.Limit;
import dev.plinth.jobs.Limits;
import java.util.List;

/** {@link Limits} in a scope. */
public final class TxLimits implements Limits {
  private final LimitRows rows;
  private final GateHints hints;
  private final TxScope scope;

  private TxLimits(Plinth plinth, Statements statements, TxScope scope) {
    this.rows = new LimitRows(plinth.schema());
    this.hints = statements.gateHints();
    this.scope = scope;
  }

  /** Works in the thread's current transaction or a short one of its own. */
  public static TxLimits standalone(Plinth plinth, Statements statements) {
    return new TxLimits(plinth, statements, TxScope.standalone(plinth));
  }

  @Override
  public void set(Limit limit) {
    Args.notNull(limit, "limit");
    Args.check(
        limit.maxRunning() != null || limit.rate() != null || limit.fairShare() != null,
        "limit must limit something: maxRunning, rate or fair");
    scope.<Boolean>returning(
        tx -> {
          rows.set(Writable.require(tx), limit);
          hints.changed(tx);
          return true;
        });
  }

  @Override
  public boolean remove(Limit limit) {
    Args.notNull(limit, "limit");
    return scope.returning(
        tx -> {
          boolean removed = rows.remove(Writable.require(tx), limit);
          hints.changed(tx);
          return removed;
        });
  }

  @Override
  public List<Limit> list() {
    return scope.returning(tx -> rows.list(tx).stream().map(LimitRows.Row::limit).toList());
  }
}
