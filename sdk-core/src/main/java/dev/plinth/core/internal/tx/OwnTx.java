package dev.plinth.core.internal.tx;

import dev.plinth.core.tx.TxOptions;
import java.sql.Connection;
import java.util.Optional;

/** A transaction that Plinth opened and will end. */
final class OwnTx extends Nesting {
  private final TxOptions options;
  private final boolean isOneStatement;
  private final Callbacks callbacks = new Callbacks();

  OwnTx(Connection connection, TxOptions options) {
    this(connection, options, false);
  }

  private OwnTx(Connection connection, TxOptions options, boolean isOneStatement) {
    super(connection);
    this.options = options;
    this.isOneStatement = isOneStatement;
  }

  /** One on a connection in auto-commit, which nobody else may take part in. */
  static OwnTx ofOneStatement(Connection connection, TxOptions options) {
    return new OwnTx(connection, options, true);
  }

  boolean isOneStatement() {
    return isOneStatement;
  }

  @Override
  public boolean isJoined() {
    return false;
  }

  @Override
  public Optional<String> tenantId() {
    return options.tenantId();
  }

  @Override
  void keep(Runnable callback) {
    callbacks.add(callback);
  }

  Callbacks callbacks() {
    return callbacks;
  }
}
