package dev.plinth.core.internal.apikey;

import dev.plinth.core.apikey.ApiKey;
import dev.plinth.core.apikey.IssuedKey;
import dev.plinth.core.apikey.NewApiKey;
import dev.plinth.core.apikey.Rotation;
import dev.plinth.core.internal.token.TokenText;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;

/** Gives a key a successor. */
final class RotateKey {
  /**
   * The owner comes before the key, as for those who merge and erase. One that was merged while
   * this waited has handed the key on, so its new owner is asked for.
   */
  private static final String LOCK_OWNER =
      """
      SELECT u.merged_into IS NOT NULL AS handed_on
      FROM {schema}.api_keys k
      JOIN {schema}.users u ON u.id = k.user_id
      WHERE k.id = ?
        AND coalesce(k.tenant_id, '') = coalesce(?, '')
      FOR SHARE OF u
      """;

  /** A key that is handed on more often meanwhile is left to the chance of a deadlock. */
  private static final int OWNERS = 3;

  /** Locks the row first: what the next statement sees of a successor is then final. */
  private static final String LOCK =
      """
      SELECT id
      FROM {schema}.api_keys
      WHERE id = ?
        AND coalesce(tenant_id, '') = coalesce(?, '')
      FOR NO KEY UPDATE
      """;

  private static final String OLD =
      "SELECT "
          + KeyRows.COLUMNS
          + """
          , coalesce(k.expires_at <= {now}, false) AS expired,
            successor.id AS successor
          FROM {schema}.api_keys k
          LEFT JOIN {schema}.api_keys successor ON successor.replaces = k.id
          WHERE k.id = ?
          """;

  private static final String END =
      """
      UPDATE {schema}.api_keys
      SET expires_at = least(expires_at, {now} + make_interval(secs => ?)),
          version = version + 1
      WHERE id = ?
      """;

  private record Old(ApiKey key, boolean isExpired, Optional<UUID> successor) {}

  private final String lockOwner;
  private final String lock;
  private final String old;
  private final String end;
  private final IssueKey issue;

  RotateKey(Schema schema, IssueKey issue) {
    this.lockOwner = schema.render(LOCK_OWNER);
    this.lock = schema.render(LOCK);
    this.old = schema.render(OLD);
    this.end = schema.render(END);
    this.issue = issue;
  }

  Rotation rotate(Tx tx, UUID id, Duration overlap) {
    lockOwner(tx, id);
    Optional<UUID> locked =
        Sql.first(
            tx.connection(), lock, row -> KeyRows.uuid(row, "id"), id, tx.tenantId().orElse(null));
    if (locked.isEmpty()) {
      return new Rotation.NotUsable();
    }
    Old found =
        Sql.first(
                tx.connection(),
                old,
                row ->
                    new Old(
                        KeyRows.key(row),
                        row.getBoolean("expired"),
                        Optional.ofNullable(Sql.uuid(row, "successor"))),
                id)
            .orElseThrow();
    if (found.successor().isPresent()) {
      return new Rotation.AlreadyRotated(found.successor().get());
    }
    if (!found.key().isActive() || found.isExpired()) {
      return new Rotation.NotUsable();
    }
    // Refused for a user who is deactivated, and then the old key must be as it was.
    IssuedKey issued = issue.issue(tx, successorOf(found.key()), id);
    Sql.update(tx.connection(), end, overlap, id);
    return new Rotation.Rotated(issued);
  }

  private void lockOwner(Tx tx, UUID id) {
    boolean handedOn = true;
    for (int i = 0; handedOn && i < OWNERS; i++) {
      handedOn =
          Sql.first(
                  tx.connection(),
                  lockOwner,
                  row -> row.getBoolean("handed_on"),
                  id,
                  tx.tenantId().orElse(null))
              .orElse(false);
    }
  }

  private static NewApiKey successorOf(ApiKey key) {
    return new NewApiKey(
        key.owner(),
        key.name(),
        TokenText.prefix(key.prefix()),
        key.scopes(),
        key.metadata(),
        key.expiresAt() == null ? null : Duration.between(key.createdAt(), key.expiresAt()));
  }
}
