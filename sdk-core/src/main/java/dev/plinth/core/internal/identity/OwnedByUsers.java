package dev.plinth.core.internal.identity;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Events;
import dev.plinth.core.identity.UserDeactivated;
import dev.plinth.core.identity.UserErased;
import dev.plinth.core.identity.UsersMerged;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.UUID;

/**
 * Core's own part in the life of users: keys, sessions, credentials, roles and live connections.
 * Whoever writes here has the user's row locked against new rows that refer to it. Keys, sessions
 * and connections are locked in the order of their ids, as by those who revoke and remove them.
 */
public final class OwnedByUsers {
  private static final String DROP =
      """
      DELETE FROM {schema}.%1$s
      WHERE id IN (
        SELECT id
        FROM {schema}.%1$s
        WHERE user_id = ?
        ORDER BY id
        FOR UPDATE)
      """;

  private static final String MOVE =
      """
      UPDATE {schema}.%1$s r
      SET user_id = mine.taker%2$s
      FROM (
        SELECT id, ?::uuid AS taker
        FROM {schema}.%1$s
        WHERE user_id = ?
        ORDER BY id
        FOR NO KEY UPDATE) mine
      WHERE r.id = mine.id
      """;

  private static final String FORGET_CONNECTIONS = String.format(DROP, "websocket_connections");
  private static final String DROP_KEYS = String.format(DROP, "api_keys");
  private static final String DROP_SESSIONS = String.format(DROP, "sessions");

  private static final String MOVE_CONNECTIONS = String.format(MOVE, "websocket_connections", "");
  private static final String MOVE_SESSIONS = String.format(MOVE, "sessions", "");

  /** A key names its owner once more, since nodes and services have keys too. */
  private static final String MOVE_KEYS =
      String.format(MOVE, "api_keys", ", owner_id = mine.taker::text");

  /** What the other has by the same name is what counts; the one moved is kept, but not used. */
  private static final String MOVE_CREDENTIALS =
      """
      UPDATE {schema}.credentials c
      SET
        user_id = ?,
        name = CASE WHEN t.taken THEN left(c.name, 200) || ' ' || c.id ELSE c.name END,
        is_active = c.is_active AND NOT t.taken,
        version = c.version + 1
      FROM (
        SELECT
          f.id,
          EXISTS (
            SELECT FROM {schema}.credentials i
            WHERE i.user_id = ?
              AND coalesce(i.integration_id, '') = coalesce(f.integration_id, '')
              AND i.name = f.name) AS taken
        FROM {schema}.credentials f
        WHERE f.user_id = ?
      ) t
      WHERE c.id = t.id
      """;

  private static final String ADD_ROLES =
      """
      INSERT INTO {schema}.user_roles (user_id, role, granted_by, granted_at)
      SELECT ?, role, granted_by, granted_at
      FROM {schema}.user_roles
      WHERE user_id = ?
      ORDER BY role
      ON CONFLICT (user_id, role) DO NOTHING
      """;

  private static final String DROP_ROLES =
      """
      DELETE FROM {schema}.user_roles r
      WHERE r.user_id = ?
        AND NOT EXISTS (
          SELECT FROM {schema}.users u
          WHERE u.id = r.user_id AND u.role = r.role)
      """;

  private static final String DROP_CREDENTIALS =
      """
      DELETE FROM {schema}.credentials
      WHERE user_id = ?
      """;

  private final Events events;
  private final Schema schema;

  /** For one Plinth. */
  public OwnedByUsers(Plinth plinth) {
    this.events = plinth.events();
    this.schema = plinth.schema();
  }

  /** Listens from now on. */
  public void subscribe() {
    events.inTransaction(
        UserDeactivated.class, (tx, event) -> run(tx, FORGET_CONNECTIONS, event.userId()));
    events.inTransaction(UsersMerged.class, (tx, event) -> merge(tx, event.from(), event.into()));
    events.inTransaction(UserErased.class, (tx, event) -> erase(tx, event.userId()));
  }

  /** Sessions are ended, and that announced, by their own repository. */
  private void merge(Tx tx, UUID from, UUID into) {
    run(tx, MOVE_KEYS, into, from);
    run(tx, MOVE_SESSIONS, into, from);
    run(tx, MOVE_CONNECTIONS, into, from);
    run(tx, MOVE_CREDENTIALS, into, into, from);
    run(tx, ADD_ROLES, into, from);
    run(tx, DROP_ROLES, from);
  }

  private void erase(Tx tx, UUID user) {
    run(tx, DROP_KEYS, user);
    run(tx, DROP_SESSIONS, user);
    run(tx, FORGET_CONNECTIONS, user);
    run(tx, DROP_CREDENTIALS, user);
    run(tx, DROP_ROLES, user);
  }

  private void run(Tx tx, String sql, Object... parameters) {
    Sql.update(tx.connection(), schema.render(sql), parameters);
  }
}
