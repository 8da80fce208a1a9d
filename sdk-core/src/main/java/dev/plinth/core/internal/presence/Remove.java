package dev.plinth.core.internal.presence;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Deletes connections: closed, sent away, or no longer alive. */
final class Remove {
  /** In the order of ids, so that two who remove do not wait for each other in a circle. */
  private static final String DELETE =
      """
      DELETE FROM {schema}.websocket_connections c
      WHERE c.id IN (
        SELECT o.id
        FROM {schema}.websocket_connections o
        WHERE %s
          AND coalesce(o.tenant_id, '') = ?
        ORDER BY o.id
        FOR UPDATE)
      RETURNING c.id,\s"""
          + ConnectionRows.LIVE
          + " AS live";

  private static final String ONE = DELETE.formatted("o.id = ?");
  private static final String OF_USER =
      DELETE.formatted("o.user_id = ? AND o.id IS DISTINCT FROM ?::uuid");

  /** Rows that somebody is working on are left to the next sweep. */
  private static final String SWEEP =
      """
      DELETE FROM {schema}.websocket_connections
      WHERE id IN (
        SELECT c.id
        FROM {schema}.websocket_connections c
        WHERE NOT\s"""
          + ConnectionRows.LIVE
          + """

        LIMIT ?
        FOR UPDATE SKIP LOCKED)
      """;

  /** A connection that was there, if only as a row. */
  record Removed(UUID id, boolean live) {}

  private final Schema schema;

  Remove(Schema schema) {
    this.schema = schema;
  }

  List<Removed> one(Tx tx, UUID id) {
    return delete(tx, ONE, id, ConnectionRows.tenant(tx));
  }

  List<Removed> ofUser(Tx tx, UUID userId, @Nullable UUID kept) {
    return delete(tx, OF_USER, userId, kept, ConnectionRows.tenant(tx));
  }

  int sweep(Tx tx, int limit) {
    return Sql.update(tx.connection(), schema.render(SWEEP), limit);
  }

  private List<Removed> delete(Tx tx, String sql, @Nullable Object... parameters) {
    return Sql.query(
        tx.connection(),
        schema.render(sql),
        row -> new Removed(row.getObject("id", UUID.class), row.getBoolean("live")),
        parameters);
  }
}
