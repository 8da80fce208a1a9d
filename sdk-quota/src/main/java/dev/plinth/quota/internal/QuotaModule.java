package dev.plinth.quota.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Restoring;
import dev.plinth.quota.Quotas;
import java.util.List;

/** Quotas as a module of Plinth. */
public final class QuotaModule implements FeatureModule {
  /** For the service loader. */
  public QuotaModule() {}

  @Override
  public String name() {
    return "quota";
  }

  @Override
  public List<String> migrations() {
    return List.of("quotas");
  }

  @Override
  public List<String> administrativeTables() {
    return List.of("quota_overrides");
  }

  @Override
  public void subscribe(Plinth plinth) {
    RetiredUsers.subscribe(plinth, name());
  }

  @Override
  public void afterRestore(Restoring restoring) {
    QuotaAfterRestore.run(restoring);
  }

  @Override
  public Class<? extends AutoCloseable> entryPoint() {
    return Quotas.class;
  }

  @Override
  public AutoCloseable create(Plinth plinth) {
    return Quotas.create(plinth);
  }
}
