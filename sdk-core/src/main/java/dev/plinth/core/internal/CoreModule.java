package dev.plinth.core.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.internal.identity.OwnedByUsers;
import dev.plinth.core.internal.restore.CoreAfterRestore;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Restoring;
import java.util.List;

/** Core as a module: the first to be migrated. */
public final class CoreModule implements FeatureModule {
  @Override
  public String name() {
    return "core";
  }

  @Override
  public int order() {
    return 0;
  }

  @Override
  public List<String> migrations() {
    return List.of(
        "foundation",
        "users",
        "vault",
        "instances",
        "roles",
        "keys_and_sessions",
        "credentials",
        "configuration",
        "locks_and_connections",
        "user_lifecycle");
  }

  @Override
  public void subscribe(Plinth plinth) {
    new OwnedByUsers(plinth).subscribe();
  }

  @Override
  public void afterRestore(Restoring restoring) {
    CoreAfterRestore.run(restoring);
  }

  @Override
  public List<String> administrativeTables() {
    return List.of(
        "roles", "role_permissions", "role_parents", "user_roles", "system_configuration");
  }

  @Override
  public Class<? extends AutoCloseable> entryPoint() {
    return Plinth.class;
  }

  @Override
  public AutoCloseable create(Plinth plinth) {
    return plinth;
  }
}
