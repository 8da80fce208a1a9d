package dev.plinth.jobs.internal;

import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.Collection;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Finds out before an insert whether its user exists: a violated foreign key would abort. */
final class KnownUser {
  private static final String USERS =
      """
      SELECT id
      FROM {schema}.users
      WHERE id = {wanted}
        AND tenant_id IS NOT DISTINCT FROM ?::text
        AND num_nulls(merged_into, erased_at) = 2
      FOR KEY SHARE{skip}
      """;

  private final String user;
  private final String free;

  KnownUser(Schema schema) {
    this.user = schema.render(USERS.replace("{wanted}", "?").replace("{skip}", ""));
    this.free =
        schema.render(
            USERS.replace("{wanted}", "ANY (?::uuid[])").replace("{skip}", " SKIP LOCKED"));
  }

  /** Keeps the user from being merged or erased until the transaction has ended. */
  void require(Tx tx, @Nullable UUID id) {
    if (id != null
        && Sql.first(tx.connection(), user, row -> 1, id, tx.tenantId().orElse(null)).isEmpty()) {
      throw new UnknownUserException(id);
    }
  }

  /**
   * Those of the users who exist and whom nobody is changing just then; kept so likewise. Waits for
   * nobody.
   */
  Set<UUID> free(Tx tx, Collection<UUID> ids) {
    return ids.isEmpty()
        ? Set.of()
        : new HashSet<>(
            Sql.query(
                tx.connection(),
                free,
                row -> Objects.requireNonNull(row.getObject(1, UUID.class)),
                ids.toArray(UUID[]::new),
                tx.tenantId().orElse(null)));
  }
}
