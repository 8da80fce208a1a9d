package dev.plinth.core.internal.tx;

import dev.plinth.core.tx.JoinedTx;
import java.sql.Connection;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The host's transaction, as far as Plinth takes part in it. */
final class HostTx extends Nesting implements JoinedTx {
  private final @Nullable String tenant;
  private final Predicate<Runnable> environment;
  private final Callbacks callbacks = new Callbacks();

  /** The environment takes a callback to run after commit, or answers false. */
  HostTx(Connection connection, @Nullable String tenant, Predicate<Runnable> environment) {
    super(connection);
    this.tenant = tenant;
    this.environment = environment;
  }

  @Override
  public boolean isJoined() {
    return true;
  }

  @Override
  public Optional<String> tenantId() {
    return Optional.ofNullable(tenant);
  }

  @Override
  void keep(Runnable callback) {
    if (!environment.test(callback)) {
      callbacks.add(callback);
    }
  }

  @Override
  public void committed() {
    callbacks.run();
  }

  @Override
  public void rolledBack() {
    callbacks.forget();
  }
}
