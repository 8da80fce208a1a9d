package dev.plinth.oauth.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.health.HealthReading;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Restoring;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.vault.EncryptedColumn;
import dev.plinth.oauth.Tokens;
import dev.plinth.oauth.internal.store.RetiredUsers;
import java.sql.Connection;
import java.util.List;

/** OAuth as core sees it. */
public final class OAuthModule implements FeatureModule {
  /** How long the oldest refresh or revocation has waited for its answer; zero when none does. */
  private static final String OLDEST_PENDING =
      """
      SELECT greatest(0, extract(epoch FROM {now} - min(r.started_at)))::float8
      FROM {schema}.oauth2_token_refreshes r
      WHERE r.outcome = 'pending'
      """;

  /** For {@link java.util.ServiceLoader}. */
  public OAuthModule() {}

  @Override
  public String name() {
    return "oauth";
  }

  @Override
  public List<String> migrations() {
    return List.of("tokens");
  }

  @Override
  public List<String> administrativeTables() {
    return List.of("oauth2_providers");
  }

  @Override
  public List<String> sharedTables() {
    return List.of("oauth2_providers");
  }

  @Override
  public void subscribe(Plinth plinth) {
    RetiredUsers.subscribe(plinth, name());
  }

  @Override
  public void afterRestore(Restoring restoring) {
    OAuthAfterRestore.run(restoring);
  }

  @Override
  public List<HealthReading> health(Connection connection, Schema schema) {
    return Sql.query(
        connection,
        schema.render(OLDEST_PENDING),
        row -> HealthReading.of("oauth.oldest_pending_refresh", row.getDouble(1), "seconds"));
  }

  @Override
  public List<EncryptedColumn> encryptedColumns() {
    return List.of(
        EncryptedColumn.of("oauth2_providers", "client_secret"),
        EncryptedColumn.of("oauth2_tokens", "access_token"),
        EncryptedColumn.of("oauth2_tokens", "refresh_token"),
        EncryptedColumn.of("oauth2_tokens", "id_token"),
        EncryptedColumn.of("oauth2_token_refreshes", "kept_tokens"));
  }

  @Override
  public Class<? extends AutoCloseable> entryPoint() {
    return Tokens.class;
  }

  @Override
  public AutoCloseable create(Plinth plinth) {
    return Tokens.create(plinth);
  }
}
