package dev.plinth.jobs.internal;

import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Finds out before an insert whether its user exists: a violated foreign key would abort. */
final class KnownUser {
  private static final String USER =
      """
      SELECT 1
      FROM {schema}.users
      WHERE id = ?
        AND tenant_id IS NOT DISTINCT FROM ?::text
        AND num_nulls(merged_into, erased_at) = 2
      FOR KEY SHARE
      """;

  private final String user;

  KnownUser(Schema schema) {
    this.user = schema.render(USER);
  }

  /** Keeps the user from being merged or erased until the transaction has ended. */
  void require(Tx tx, @Nullable UUID id) {
    if (id != null
        && Sql.first(tx.connection(), user, row -> 1, id, tx.tenantId().orElse(null)).isEmpty()) {
      throw new UnknownUserException(id);
    }
  }
}
