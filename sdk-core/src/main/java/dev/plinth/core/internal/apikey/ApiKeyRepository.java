package dev.plinth.core.internal.apikey;

import dev.plinth.core.apikey.ApiKey;
import dev.plinth.core.apikey.ApiKeys;
import dev.plinth.core.apikey.IssuedKey;
import dev.plinth.core.apikey.KeyAuthentication;
import dev.plinth.core.apikey.KeyOwner;
import dev.plinth.core.apikey.NewApiKey;
import dev.plinth.core.apikey.Rotation;
import dev.plinth.core.event.Events;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.internal.Threads;
import dev.plinth.core.internal.token.FindToken;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Checks arguments and chooses the transaction; each use case has a class of its own. */
public final class ApiKeyRepository implements ApiKeys {
  private static final Duration MAX_OVERLAP = Duration.ofDays(366);
  private static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999999Z");

  private static final String FIND =
      "SELECT "
          + KeyRows.COLUMNS
          + """
          FROM {schema}.api_keys k
          WHERE k.id = ?
            AND coalesce(k.tenant_id, '') = coalesce(?, '')
          """;

  private static final String PAGE =
      "SELECT "
          + KeyRows.COLUMNS
          + """
          FROM {schema}.api_keys k
          WHERE k.owner_type = ?
            AND k.owner_id = ?
            AND coalesce(k.tenant_id, '') = coalesce(?, '')
            AND k.id > ?
          ORDER BY k.id
          LIMIT ?
          """;

  private static final UUID FIRST = new UUID(0, 0);

  private final TxScope scope;
  private final @Nullable Tx given;
  private final Parts parts;

  /** What the forms of one repository share. */
  private record Parts(
      IssueKey issue,
      RotateKey rotate,
      ChangeKeys change,
      FindToken<FoundKey> tokens,
      String find,
      String page) {}

  /** Works in the given scope. */
  public ApiKeyRepository(
      TxScope scope,
      Transactions transactions,
      Threads threads,
      BooleanSupplier started,
      Schema schema,
      UuidV7 ids,
      Events events) {
    this.scope = scope;
    this.given = null;
    IssueKey issue = new IssueKey(schema, ids, events);
    this.parts =
        new Parts(
            issue,
            new RotateKey(schema, issue),
            new ChangeKeys(schema, events),
            new FindToken<>(
                "apikeys",
                transactions,
                threads,
                started,
                schema,
                FoundKey.QUERY,
                FoundKey::of,
                FoundKey.USED),
            schema.render(FIND),
            schema.render(PAGE));
  }

  private ApiKeyRepository(Tx tx, Parts parts) {
    this.scope = TxScope.of(tx);
    this.given = tx;
    this.parts = parts;
  }

  @Override
  public ApiKeys in(Tx tx) {
    return new ApiKeyRepository(Args.notNull(tx, "tx"), parts);
  }

  @Override
  public IssuedKey issue(NewApiKey key) {
    Args.notNull(key, "key");
    return scope.returning(tx -> parts.issue().issue(Writable.require(tx), key, null));
  }

  @Override
  public KeyAuthentication authenticate(String text) {
    Args.notNull(text, "text");
    return parts
        .tokens()
        .find(given, text)
        .map(FoundKey::outcome)
        .orElseGet(KeyAuthentication.Unknown::new);
  }

  @Override
  public Optional<ApiKey> find(UUID id) {
    Args.notNull(id, "id");
    return scope.returning(
        tx ->
            Sql.first(tx.connection(), parts.find(), KeyRows::key, id, tx.tenantId().orElse(null)));
  }

  @Override
  public List<ApiKey> page(KeyOwner owner, @Nullable UUID after, int limit) {
    Args.notNull(owner, "owner");
    Args.range(limit, 1, 1000, "limit");
    return scope.returning(
        tx ->
            Sql.query(
                tx.connection(),
                parts.page(),
                KeyRows::key,
                owner.kind(),
                owner.id(),
                tx.tenantId().orElse(null),
                after == null ? FIRST : after,
                limit));
  }

  @Override
  public ApiKey update(ApiKey key) {
    Args.notNull(key, "key");
    Args.notNull(key.id(), "id");
    Args.notNull(
        new NewApiKey(key.owner(), key.name(), "key", key.scopes(), key.metadata(), null), "key");
    Instant end = key.expiresAt();
    Args.check(
        end == null || (!end.isBefore(EARLIEST) && !end.isAfter(LATEST)),
        "expiresAt must lie between the years 1 and 9999");
    return scope.returning(tx -> parts.change().update(Writable.require(tx), key));
  }

  @Override
  public Rotation rotate(UUID id, Duration overlap) {
    Args.notNull(id, "id");
    Args.notNull(overlap, "overlap");
    Args.check(
        !overlap.isNegative() && overlap.compareTo(MAX_OVERLAP) <= 0,
        "overlap must be between zero and 366 days");
    return scope.returning(tx -> parts.rotate().rotate(Writable.require(tx), id, overlap));
  }

  @Override
  public boolean revoke(UUID id) {
    Args.notNull(id, "id");
    return scope.returning(tx -> parts.change().revoke(Writable.require(tx), id));
  }

  @Override
  public int revokeAll(KeyOwner owner) {
    Args.notNull(owner, "owner");
    return scope.returning(tx -> parts.change().revokeAll(Writable.require(tx), owner));
  }
}
