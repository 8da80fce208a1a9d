package dev.plinth.core.internal.identity;

import static dev.plinth.core.internal.jooq.Tables.USERS;

import dev.plinth.core.event.Events;
import dev.plinth.core.identity.UserDeleted;
import dev.plinth.core.identity.UserInUseException;
import dev.plinth.core.internal.Db;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.tx.DatabaseException;
import dev.plinth.core.tx.Tx;
import java.util.Set;
import java.util.UUID;

/**
 * Deletes rows of {@code users}. DELETE has no ON CONFLICT and the keys in the way may be the
 * host's, so a savepoint guards the transaction.
 */
final class DeleteUser {
  /** The second is what ON DELETE RESTRICT reports since PostgreSQL 18. */
  private static final Set<String> IN_USE = Set.of(SqlStates.FOREIGN_KEY_VIOLATION, "23001");

  private final Db db;
  private final Events events;

  DeleteUser(Db db, Events events) {
    this.db = db;
    this.events = events;
  }

  boolean delete(Tx tx, UUID id) {
    boolean deleted =
        Guarded.run(
            tx,
            () ->
                db.on(tx)
                        .deleteFrom(USERS)
                        .where(UserRows.ofTenant(tx.tenantId()), USERS.ID.eq(id))
                        .execute()
                    == 1,
            refusal -> refuse(refusal, id));
    if (deleted) {
      events.publish(tx, new UserDeleted(id));
    }
    return deleted;
  }

  private static RuntimeException refuse(DatabaseException refusal, UUID id) {
    return refusal.sqlState().filter(IN_USE::contains).isPresent()
        ? new UserInUseException(id)
        : refusal;
  }
}
