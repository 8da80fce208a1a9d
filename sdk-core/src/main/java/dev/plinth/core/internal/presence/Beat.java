package dev.plinth.core.internal.presence;

import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** The heartbeat of many connections of one tenant in one statement, and what became of them. */
final class Beat {
  /** What another transaction is just removing is not waited for. */
  private static final String PROLONG =
      """
      UPDATE {schema}.websocket_connections c
      SET last_seen_at = {now},
          expires_at = {now} + make_interval(secs => s.millis / 1000.0)
      FROM unnest(?, ?) AS s (id, millis)
      WHERE c.id = s.id
        AND c.id IN (
          SELECT o.id
          FROM {schema}.websocket_connections o
          WHERE o.id = ANY (?)
            AND o.expires_at > {now}
          ORDER BY o.id
          FOR NO KEY UPDATE SKIP LOCKED)
      """;

  private static final String LIVING =
      "SELECT c.id\nFROM {schema}.websocket_connections c\nWHERE c.id = ANY (?)\n  AND "
          + ConnectionRows.LIVE;

  private final Transactions transactions;
  private final Schema schema;

  Beat(Transactions transactions, Schema schema) {
    this.transactions = transactions;
    this.schema = schema;
  }

  /** Those of the connections that live, after those seen were prolonged. */
  Set<UUID> beat(TxOptions options, List<HeldConnection> all, List<HeldConnection> seen) {
    return transactions.inNew(
        options,
        tx -> {
          if (!seen.isEmpty()) {
            prolong(tx, seen);
          }
          return new HashSet<>(
              Sql.query(
                  tx.connection(),
                  schema.render(LIVING),
                  row -> row.getObject("id", UUID.class),
                  (Object) ids(all)));
        });
  }

  private void prolong(Tx tx, List<HeldConnection> seen) {
    UUID[] ids = ids(seen);
    Long[] millis = seen.stream().map(each -> each.timeToLive().toMillis()).toArray(Long[]::new);
    Sql.update(tx.connection(), schema.render(PROLONG), ids, millis, ids);
  }

  private static UUID[] ids(List<HeldConnection> connections) {
    return connections.stream().map(HeldConnection::id).toArray(UUID[]::new);
  }
}
