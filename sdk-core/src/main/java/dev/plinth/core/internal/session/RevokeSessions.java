package dev.plinth.core.internal.session;

import dev.plinth.core.event.Events;
import dev.plinth.core.session.SessionsRevoked;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Revokes sessions of the transaction's tenant. */
final class RevokeSessions {
  /** In the order of ids, so that two who revoke the same sessions do not wait for each other. */
  private static final String REVOKE =
      """
      UPDATE {schema}.sessions s
      SET is_active = false,
          ended_at = {now}
      FROM (
        SELECT id
        FROM {schema}.sessions
        WHERE %s
          AND coalesce(tenant_id, '') = coalesce(?, '')
          AND is_active
        ORDER BY id
        FOR NO KEY UPDATE) mine
      WHERE s.id = mine.id
      RETURNING s.id, s.user_id
      """;

  private record Ended(UUID id, UUID userId) {}

  private final String one;
  private final String all;
  private final String others;
  private final Events events;

  RevokeSessions(Schema schema, Events events) {
    this.one = schema.render(String.format(REVOKE, "id = ?"));
    this.all = schema.render(String.format(REVOKE, "user_id = ?"));
    this.others = schema.render(String.format(REVOKE, "user_id = ? AND id <> ?"));
    this.events = events;
  }

  boolean one(Tx tx, UUID id) {
    return revoke(tx, one, id, tx.tenantId().orElse(null)) > 0;
  }

  int all(Tx tx, UUID userId) {
    return revoke(tx, all, userId, tx.tenantId().orElse(null));
  }

  int others(Tx tx, UUID userId, UUID keep) {
    return revoke(tx, others, userId, keep, tx.tenantId().orElse(null));
  }

  private int revoke(Tx tx, String sql, @Nullable Object... parameters) {
    List<Ended> ended =
        Sql.query(
            tx.connection(),
            sql,
            row -> new Ended(SessionRows.uuid(row, "id"), SessionRows.uuid(row, "user_id")),
            parameters);
    if (!ended.isEmpty()) {
      List<UUID> ids = ended.stream().map(Ended::id).sorted().toList();
      events.publish(tx, new SessionsRevoked(ended.get(0).userId(), ids));
    }
    return ended.size();
  }
}
