package dev.plinth.core.internal.session;

import dev.plinth.core.id.UuidV7;
import dev.plinth.core.identity.InactiveUserException;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.internal.token.TokenHash;
import dev.plinth.core.internal.token.TokenText;
import dev.plinth.core.session.NewSession;
import dev.plinth.core.session.Session;
import dev.plinth.core.session.StartedSession;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Begins sessions, and gives one another token. */
final class StartSession {
  private static final String PREFIX = "session";

  /**
   * The share lock makes a deactivation wait for this transaction or this one for it, so that the
   * one that comes second sees what the first has done.
   */
  private static final String START =
      """
      INSERT INTO {schema}.sessions AS s
        (id, tenant_id, user_id, token_hash, session_data, device_type, device_name, ip_address,
         created_at, last_activity_at, idle_timeout, idle_expires_at, expires_at)
      SELECT ?, u.tenant_id, u.id, ?, ?::jsonb, ?, ?, ?::inet,
             {now}, {now}, make_interval(secs => ?), {now} + make_interval(secs => ?),
             {now} + make_interval(secs => ?)
      FROM {schema}.users u
      WHERE u.id = ?
        AND coalesce(u.tenant_id, '') = coalesce(?, '')
        AND u.is_active
      FOR SHARE
      RETURNING\s"""
          + SessionRows.COLUMNS;

  private static final String USER =
      """
      SELECT id
      FROM {schema}.users
      WHERE id = ?
        AND coalesce(tenant_id, '') = coalesce(?, '')
        AND merged_into IS NULL
        AND erased_at IS NULL
      """;

  /** The old hash is the condition, so of many callers one has its way. */
  private static final String REGENERATE =
      """
      UPDATE {schema}.sessions s
      SET token_hash = ?
      WHERE s.token_hash = ?
        AND coalesce(s.tenant_id, '') = coalesce(?, '')
        AND s.user_is_active
        AND\s"""
          + SessionRows.GOOD
          + "\nRETURNING "
          + SessionRows.COLUMNS;

  private final String start;
  private final String user;
  private final String regenerate;
  private final UuidV7 ids;
  private final SecureRandom random = new SecureRandom();

  StartSession(Schema schema, UuidV7 ids) {
    this.start = schema.render(START);
    this.user = schema.render(USER);
    this.regenerate = schema.render(REGENERATE);
    this.ids = ids;
  }

  StartedSession start(Tx tx, NewSession session) {
    String token = TokenText.mint(PREFIX, random);
    String tenant = tx.tenantId().orElse(null);
    Optional<Session> started =
        Sql.first(
            tx.connection(),
            start,
            SessionRows::session,
            ids.next(),
            TokenHash.ofText(token).bytes(),
            session.data(),
            session.deviceType(),
            session.deviceName(),
            literal(session.address()),
            session.idleTimeout(),
            session.idleTimeout(),
            session.lifetime(),
            session.userId(),
            tenant);
    if (started.isPresent()) {
      return new StartedSession(started.get(), token);
    }
    List<UUID> found =
        Sql.query(
            tx.connection(), user, row -> SessionRows.uuid(row, "id"), session.userId(), tenant);
    throw found.isEmpty()
        ? new UnknownUserException(session.userId())
        : new InactiveUserException(session.userId());
  }

  Optional<StartedSession> regenerate(Tx tx, TokenHash hash) {
    String token = TokenText.mint(PREFIX, random);
    return Sql.first(
            tx.connection(),
            regenerate,
            SessionRows::session,
            TokenHash.ofText(token).bytes(),
            hash.bytes(),
            tx.tenantId().orElse(null))
        .map(session -> new StartedSession(session, token));
  }

  /** Without the zone of a link-local address, which PostgreSQL does not know. */
  private static @Nullable String literal(@Nullable InetAddress address) {
    if (address == null) {
      return null;
    }
    String text = address.getHostAddress();
    int zone = text.indexOf('%');
    return zone < 0 ? text : text.substring(0, zone);
  }
}
