package dev.plinth.core.internal.session;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/** Changes the data of sessions that are good now. */
final class SessionData {
  private static final String MERGE =
      """
      UPDATE {schema}.sessions s
      SET session_data = s.session_data || ?::jsonb,
          version = s.version + 1
      WHERE s.id = ?
        AND coalesce(s.tenant_id, '') = coalesce(?, '')
        AND\s"""
          + SessionRows.GOOD
          + "\nRETURNING s.session_data";

  private static final String REPLACE =
      """
      UPDATE {schema}.sessions s
      SET session_data = ?::jsonb,
          version = s.version + 1
      WHERE s.id = ?
        AND s.version = ?
        AND coalesce(s.tenant_id, '') = coalesce(?, '')
        AND\s"""
          + SessionRows.GOOD;

  private final String merge;
  private final String replace;

  SessionData(Schema schema) {
    this.merge = schema.render(MERGE);
    this.replace = schema.render(REPLACE);
  }

  Optional<Json> merge(Tx tx, UUID id, Json members) {
    return Sql.first(
        tx.connection(),
        merge,
        row -> Objects.requireNonNull(Sql.json(row, "session_data")),
        members,
        id,
        tx.tenantId().orElse(null));
  }

  boolean replace(Tx tx, UUID id, long version, Json data) {
    return Sql.update(tx.connection(), replace, data, id, version, tx.tenantId().orElse(null)) == 1;
  }
}
