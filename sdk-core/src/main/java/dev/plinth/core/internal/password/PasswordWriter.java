package dev.plinth.core.internal.password;

import dev.plinth.core.event.Events;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.password.PasswordChanged;
import dev.plinth.core.password.PasswordHash;
import dev.plinth.core.password.StoredPasswords;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import java.util.UUID;

/** Stores hashes in its scope's transaction. */
final class PasswordWriter implements StoredPasswords {
  private final TxScope scope;
  private final PasswordRows rows;
  private final Events events;

  PasswordWriter(TxScope scope, PasswordRows rows, Events events) {
    this.scope = scope;
    this.rows = rows;
    this.events = events;
  }

  @Override
  public void set(UUID userId, PasswordHash hash) {
    Args.notNull(userId, "userId");
    Args.notNull(hash, "hash");
    scope.returning(
        tx -> {
          if (!rows.set(Writable.require(tx), userId, hash.reveal())) {
            throw new UnknownUserException(userId);
          }
          events.publish(tx, new PasswordChanged(userId, false));
          return true;
        });
  }

  @Override
  public boolean remove(UUID userId) {
    Args.notNull(userId, "userId");
    return scope.returning(
        tx -> {
          boolean removed = rows.remove(Writable.require(tx), userId);
          if (removed) {
            events.publish(tx, new PasswordChanged(userId, true));
          }
          return removed;
        });
  }
}
