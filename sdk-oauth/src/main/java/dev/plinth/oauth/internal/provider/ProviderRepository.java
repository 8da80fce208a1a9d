package dev.plinth.oauth.internal.provider;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import dev.plinth.oauth.ClientAuthentication;
import dev.plinth.oauth.Provider;
import dev.plinth.oauth.Providers;
import dev.plinth.oauth.internal.Sealer;
import java.net.URI;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** {@code oauth2_providers}. */
public final class ProviderRepository implements Providers {
  private static final String COLUMNS =
      """
      SELECT p.id, p.name, p.token_endpoint, p.revocation_endpoint, p.client_id,
             p.client_authentication, p.client_secret, p.default_expiry_ms, p.http_timeout_ms
      FROM {schema}.oauth2_providers p
      """;

  private final Plinth plinth;
  private final TxScope scope;
  private final Duration lease;
  private final Sealer sealer;
  private final String lockOwn;
  private final String insert;
  private final String update;
  private final String findUsable;
  private final String list;
  private final String byId;
  private final String openBreaker;
  private final String endPauses;

  /** The lease is what timeouts must stay below. */
  public ProviderRepository(Plinth plinth, TxScope scope, Duration lease) {
    this.plinth = plinth;
    this.scope = scope;
    this.lease = lease;
    this.sealer = new Sealer(plinth, "oauth2_providers");
    this.lockOwn =
        render(COLUMNS + "WHERE p.name = ? AND coalesce(p.tenant_id, '') = ? FOR NO KEY UPDATE");
    this.insert =
        render(
            """
            INSERT INTO {schema}.oauth2_providers
              (id, tenant_id, name, token_endpoint, revocation_endpoint, client_id,
               client_authentication, client_secret, default_expiry_ms, http_timeout_ms,
               created_at, updated_at)
            VALUES (?, nullif(?, ''), ?, ?, ?, ?, ?, ?, ?, ?, {now}, {now})
            ON CONFLICT DO NOTHING
            """);
    this.update =
        render(
            """
            UPDATE {schema}.oauth2_providers
            SET token_endpoint = ?,
                revocation_endpoint = ?,
                client_id = ?,
                client_authentication = ?,
                client_secret = ?,
                default_expiry_ms = ?,
                http_timeout_ms = ?,
                breaker_until = NULL,
                breaker_error = NULL,
                version = version + 1
            WHERE id = ?
            """);
    this.findUsable =
        render(
            COLUMNS
                + """
                WHERE p.name = ?
                  AND (p.tenant_id IS NULL OR p.tenant_id = ?)
                ORDER BY p.tenant_id NULLS LAST
                LIMIT 1
                """);
    this.list =
        render(
            """
            SELECT DISTINCT ON (p.name)
                   p.id, p.name, p.token_endpoint, p.revocation_endpoint, p.client_id,
                   p.client_authentication, p.client_secret, p.default_expiry_ms, p.http_timeout_ms
            FROM {schema}.oauth2_providers p
            WHERE p.tenant_id IS NULL OR p.tenant_id = ?
            ORDER BY p.name, p.tenant_id NULLS LAST
            """);
    this.byId = render(COLUMNS + "WHERE p.id = ?");
    // Waits for no grant: whoever settles one holds it and may wait for the provider.
    this.endPauses =
        render(
            """
            UPDATE {schema}.oauth2_tokens
            SET next_attempt_at = NULL
            WHERE id IN (
              SELECT t.id
              FROM {schema}.oauth2_tokens t
              WHERE t.provider_id = ?
                AND t.last_error_class = 'configuration'
                AND t.next_attempt_at > {now}
              FOR NO KEY UPDATE SKIP LOCKED)
            """);
    this.openBreaker =
        render(
            """
            UPDATE {schema}.oauth2_providers
            SET breaker_until = {now} + make_interval(secs => ?),
                breaker_error = ?
            WHERE id = ?
            """);
  }

  @Override
  public Providers in(Tx tx) {
    return new ProviderRepository(plinth, TxScope.of(tx), lease);
  }

  @Override
  public Provider save(Provider provider) {
    requireShorterThanLease(provider, lease);
    return scope.returning(tx -> save(Writable.require(tx), provider));
  }

  /** What {@link #save} demands of the timeout. */
  public static void requireShorterThanLease(Provider provider, Duration lease) {
    Args.check(
        Args.notNull(provider, "provider").httpTimeout().compareTo(lease) < 0,
        "httpTimeout must be shorter than the refresh lease of " + lease);
  }

  private Provider save(Tx tx, Provider provider) {
    Optional<Client> before = own(tx, provider.name());
    String secret = provider.clientSecret();
    if (secret == null && provider.clientAuthentication() != ClientAuthentication.NONE) {
      secret = before.map(Client::clientSecret).orElse(null);
      Args.check(
          secret != null,
          "clientSecret must be given, since the client authenticates with one and none is stored");
    }
    if (before.isEmpty()) {
      UUID id = plinth.ids().next();
      int inserted =
          Sql.update(
              tx.connection(),
              insert,
              id,
              tenant(tx),
              provider.name(),
              provider.tokenEndpoint().toString(),
              text(provider.revocationEndpoint()),
              provider.clientId(),
              provider.clientAuthentication(),
              sealer.seal(tx, "client_secret", id, secret),
              provider.defaultExpiry().toMillis(),
              provider.httpTimeout().toMillis());
      // Zero rows: another node has just saved one of this name, which is visible now.
      return inserted == 1 ? withoutSecret(provider) : save(tx, provider);
    }
    Client old = before.get();
    Sql.update(
        tx.connection(),
        update,
        provider.tokenEndpoint().toString(),
        text(provider.revocationEndpoint()),
        provider.clientId(),
        provider.clientAuthentication(),
        sealer.seal(tx, "client_secret", old.id(), secret),
        provider.defaultExpiry().toMillis(),
        provider.httpTimeout().toMillis(),
        old.id());
    Sql.update(tx.connection(), endPauses, old.id());
    return withoutSecret(provider);
  }

  /** Saves what the builder was given, unless it stands there already, word for word. */
  public void declare(Provider provider) {
    scope.returning(
        tx -> {
          boolean same =
              usable(tx, provider.name())
                  .filter(
                      old ->
                          Objects.equals(old.clientSecret(), provider.clientSecret())
                              && provider(old).equals(withoutSecret(provider)))
                  .isPresent();
          return same ? provider : save(Writable.require(tx), provider);
        });
  }

  @Override
  public Optional<Provider> find(String name) {
    Args.text(name, 50, "name");
    return scope.returning(tx -> usable(tx, name).map(ProviderRepository::provider));
  }

  @Override
  public List<Provider> list() {
    return scope.returning(
        tx ->
            Sql.query(
                tx.connection(),
                list,
                row -> provider(client(row, null)),
                tx.tenantId().orElse(null)));
  }

  /** The client that a new grant of this provider belongs to. */
  public Optional<Client> usable(Tx tx, String name) {
    return Sql.first(
        tx.connection(), findUsable, row -> opened(tx, row), name, tx.tenantId().orElse(null));
  }

  /** The client of a grant. */
  public Client get(Tx tx, UUID id) {
    return Sql.first(tx.connection(), byId, row -> opened(tx, row), id).orElseThrow();
  }

  /** Lets nobody refresh at this provider for a while. */
  public void openBreaker(Tx tx, UUID id, Duration pause, String error) {
    Sql.update(tx.connection(), openBreaker, pause, error, id);
  }

  private Optional<Client> own(Tx tx, String name) {
    return Sql.first(tx.connection(), lockOwn, row -> opened(tx, row), name, tenant(tx));
  }

  private Client opened(Tx tx, ResultSet row) throws SQLException {
    UUID id = Objects.requireNonNull(Sql.uuid(row, "id"));
    return client(row, sealer.open(tx, "client_secret", id, row.getBytes("client_secret")));
  }

  private static Client client(ResultSet row, @Nullable String secret) throws SQLException {
    String revocation = row.getString("revocation_endpoint");
    return new Client(
        Objects.requireNonNull(Sql.uuid(row, "id")),
        row.getString("name"),
        URI.create(row.getString("token_endpoint")),
        revocation == null ? null : URI.create(revocation),
        row.getString("client_id"),
        secret,
        ClientAuthentication.valueOf(
            row.getString("client_authentication").toUpperCase(Locale.ROOT)),
        Duration.ofMillis(row.getLong("default_expiry_ms")),
        Duration.ofMillis(row.getLong("http_timeout_ms")));
  }

  private static Provider provider(Client client) {
    return new Provider(
        client.provider(),
        client.tokenEndpoint(),
        client.revocationEndpoint(),
        client.clientId(),
        null,
        client.clientAuthentication(),
        client.defaultExpiry(),
        client.httpTimeout());
  }

  private static Provider withoutSecret(Provider given) {
    return new Provider(
        given.name(),
        given.tokenEndpoint(),
        given.revocationEndpoint(),
        given.clientId(),
        null,
        given.clientAuthentication(),
        given.defaultExpiry(),
        given.httpTimeout());
  }

  private static String tenant(Tx tx) {
    return tx.tenantId().orElse("");
  }

  private static @Nullable String text(@Nullable URI uri) {
    return uri == null ? null : uri.toString();
  }

  private String render(String sql) {
    return plinth.schema().render(sql);
  }
}
