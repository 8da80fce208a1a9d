package dev.plinth.oauth.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Restoring;
import dev.plinth.oauth.Tokens;
import dev.plinth.oauth.internal.store.RetiredUsers;
import java.util.List;

/** OAuth as core sees it. */
public final class OAuthModule implements FeatureModule {
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
  public void subscribe(Plinth plinth) {
    RetiredUsers.subscribe(plinth, name());
  }

  @Override
  public void afterRestore(Restoring restoring) {
    OAuthAfterRestore.run(restoring);
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
