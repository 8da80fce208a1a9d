package dev.plinth.core.internal.apikey;

import dev.plinth.core.apikey.ApiKey;
import dev.plinth.core.apikey.ApiKeyIssued;
import dev.plinth.core.apikey.IssuedKey;
import dev.plinth.core.apikey.KeyOwner;
import dev.plinth.core.apikey.NewApiKey;
import dev.plinth.core.event.Events;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.identity.InactiveUserException;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.internal.token.TokenHash;
import dev.plinth.core.internal.token.TokenText;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Inserts keys. */
final class IssueKey {
  private static final String FOR_OTHERS =
      """
      INSERT INTO {schema}.api_keys AS k
        (id, tenant_id, owner_type, owner_id, user_id, name, prefix, key_hash, scopes, metadata,
         replaces, created_at, expires_at)
      SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?, {now}, {now} + make_interval(secs => ?)
      """;

  /**
   * The share lock makes a deactivation wait for this transaction or this one for it, so that the
   * one that comes second sees what the first has done.
   */
  private static final String FOR_USER =
      FOR_OTHERS
          + """
          FROM {schema}.users u
          WHERE u.id = ?
            AND coalesce(u.tenant_id, '') = coalesce(?, '')
            AND u.is_active
          FOR SHARE
          """;

  private static final String RETURNING = "RETURNING " + KeyRows.COLUMNS;

  private static final String USER =
      """
      SELECT id
      FROM {schema}.users
      WHERE id = ?
        AND coalesce(tenant_id, '') = coalesce(?, '')
        AND merged_into IS NULL
        AND erased_at IS NULL
      """;

  private final String forOthers;
  private final String forUser;
  private final String user;
  private final UuidV7 ids;
  private final Events events;
  private final SecureRandom random = new SecureRandom();

  IssueKey(Schema schema, UuidV7 ids, Events events) {
    this.forOthers = schema.render(FOR_OTHERS + RETURNING);
    this.forUser = schema.render(FOR_USER + RETURNING);
    this.user = schema.render(USER);
    this.ids = ids;
    this.events = events;
  }

  IssuedKey issue(Tx tx, NewApiKey key, @Nullable UUID replaces) {
    String secret = TokenText.mint(key.prefix(), random);
    UUID userId = key.owner().userId().orElse(null);
    @Nullable Object[] values = {
      ids.next(),
      tx.tenantId().orElse(null),
      key.owner().kind(),
      key.owner().id(),
      userId,
      key.name(),
      TokenText.hint(secret),
      TokenHash.ofText(secret).bytes(),
      key.scopes().toArray(String[]::new),
      key.metadata(),
      replaces,
      key.lifetime()
    };
    ApiKey issued =
        userId == null
            ? Sql.first(tx.connection(), forOthers, KeyRows::key, values).orElseThrow()
            : insertFor(tx, userId, values);
    KeyOwner owner = issued.owner();
    events.publish(tx, new ApiKeyIssued(issued.id(), owner, replaces));
    return new IssuedKey(issued, secret);
  }

  private ApiKey insertFor(Tx tx, UUID userId, @Nullable Object[] values) {
    @Nullable Object[] all = new @Nullable Object[values.length + 2];
    System.arraycopy(values, 0, all, 0, values.length);
    all[values.length] = userId;
    all[values.length + 1] = tx.tenantId().orElse(null);
    Optional<ApiKey> issued = Sql.first(tx.connection(), forUser, KeyRows::key, all);
    if (issued.isPresent()) {
      return issued.get();
    }
    List<UUID> found =
        Sql.query(
            tx.connection(),
            user,
            row -> KeyRows.uuid(row, "id"),
            userId,
            tx.tenantId().orElse(null));
    throw found.isEmpty() ? new UnknownUserException(userId) : new InactiveUserException(userId);
  }
}
