package dev.plinth.core.internal.session;

import dev.plinth.core.event.Events;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.internal.Threads;
import dev.plinth.core.internal.token.FindToken;
import dev.plinth.core.internal.token.TokenHash;
import dev.plinth.core.internal.token.TokenText;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.json.Json;
import dev.plinth.core.session.NewSession;
import dev.plinth.core.session.Session;
import dev.plinth.core.session.SessionAuthentication;
import dev.plinth.core.session.Sessions;
import dev.plinth.core.session.StartedSession;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Checks arguments and chooses the transaction; each use case has a class of its own. */
public final class SessionRepository implements Sessions {
  private static final String FIND =
      "SELECT "
          + SessionRows.COLUMNS
          + """
          FROM {schema}.sessions s
          WHERE s.id = ?
            AND coalesce(s.tenant_id, '') = coalesce(?, '')
          """;

  private static final String PAGE =
      "SELECT "
          + SessionRows.COLUMNS
          + """
          FROM {schema}.sessions s
          WHERE s.user_id = ?
            AND coalesce(s.tenant_id, '') = coalesce(?, '')
            AND s.id > ?
            AND\s"""
          + SessionRows.GOOD
          + "\nORDER BY s.id\nLIMIT ?";

  private static final UUID FIRST = new UUID(0, 0);

  private final TxScope scope;
  private final @Nullable Tx given;
  private final Parts parts;

  /** What the forms of one repository share. */
  private record Parts(
      StartSession start,
      SessionData data,
      RevokeSessions revoke,
      CleanSessions clean,
      FindToken<FoundSession> tokens,
      String find,
      String page) {}

  /** Works in the given scope. */
  public SessionRepository(
      TxScope scope,
      Transactions transactions,
      Threads threads,
      BooleanSupplier started,
      Schema schema,
      UuidV7 ids,
      Events events) {
    this.scope = scope;
    this.given = null;
    this.parts =
        new Parts(
            new StartSession(schema, ids),
            new SessionData(schema),
            new RevokeSessions(schema, events),
            new CleanSessions(transactions, schema),
            new FindToken<>(
                "sessions",
                transactions,
                threads,
                started,
                schema,
                FoundSession.QUERY,
                FoundSession::of,
                FoundSession.USED),
            schema.render(FIND),
            schema.render(PAGE));
  }

  private SessionRepository(Tx tx, Parts parts) {
    this.scope = TxScope.of(tx);
    this.given = tx;
    this.parts = parts;
  }

  @Override
  public Sessions in(Tx tx) {
    return new SessionRepository(Args.notNull(tx, "tx"), parts);
  }

  @Override
  public StartedSession start(NewSession session) {
    Args.notNull(session, "session");
    return scope.returning(tx -> parts.start().start(Writable.require(tx), session));
  }

  @Override
  public SessionAuthentication authenticate(String token) {
    Args.notNull(token, "token");
    return parts
        .tokens()
        .find(given, token)
        .map(FoundSession::outcome)
        .orElseGet(SessionAuthentication.Unknown::new);
  }

  @Override
  public Optional<Session> find(UUID id) {
    Args.notNull(id, "id");
    return scope.returning(
        tx ->
            Sql.first(
                tx.connection(),
                parts.find(),
                SessionRows::session,
                id,
                tx.tenantId().orElse(null)));
  }

  @Override
  public List<Session> page(UUID userId, @Nullable UUID after, int limit) {
    Args.notNull(userId, "userId");
    Args.range(limit, 1, 1000, "limit");
    return scope.returning(
        tx ->
            Sql.query(
                tx.connection(),
                parts.page(),
                SessionRows::session,
                userId,
                tx.tenantId().orElse(null),
                after == null ? FIRST : after,
                limit));
  }

  @Override
  public Optional<Json> mergeData(UUID id, Json members) {
    Args.notNull(id, "id");
    requireData(members, "members");
    return scope.returning(tx -> parts.data().merge(Writable.require(tx), id, members));
  }

  @Override
  public boolean replaceData(UUID id, long version, Json data) {
    Args.notNull(id, "id");
    Args.range(version, 1, Long.MAX_VALUE, "version");
    requireData(data, "data");
    return scope.returning(tx -> parts.data().replace(Writable.require(tx), id, version, data));
  }

  @Override
  public Optional<StartedSession> regenerate(String token) {
    Args.notNull(token, "token");
    if (!TokenText.isWellFormed(token)) {
      return Optional.empty();
    }
    TokenHash hash = TokenHash.ofText(token);
    return scope.returning(tx -> parts.start().regenerate(Writable.require(tx), hash));
  }

  @Override
  public boolean revoke(UUID id) {
    Args.notNull(id, "id");
    return scope.returning(tx -> parts.revoke().one(Writable.require(tx), id));
  }

  @Override
  public int revokeAll(UUID userId) {
    Args.notNull(userId, "userId");
    return scope.returning(tx -> parts.revoke().all(Writable.require(tx), userId));
  }

  @Override
  public int revokeOthers(UUID userId, UUID keep) {
    Args.notNull(userId, "userId");
    Args.notNull(keep, "keep");
    return scope.returning(tx -> parts.revoke().others(Writable.require(tx), userId, keep));
  }

  private static void requireData(Json data, String name) {
    Args.notNull(data, name).requireObject(name);
    Args.bounded(data.text(), NewSession.MAX_DATA, name);
  }

  /** The maintenance task: deletes what ended a month ago. */
  public void clean() {
    parts.clean().run();
  }
}
