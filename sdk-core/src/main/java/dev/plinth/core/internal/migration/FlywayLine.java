package dev.plinth.core.internal.migration;

import java.lang.reflect.Method;
import java.util.Map;
import org.flywaydb.core.api.configuration.FluentConfiguration;

/**
 * The one setting that Flyway's lines want in different ways: its lock must be held by the session,
 * not by a transaction, or CREATE INDEX CONCURRENTLY waits for it for ever. Lines 10 and 11 take a
 * property; later ones a setter on the PostgreSQL extension, whose property form wants a JSON
 * library that hosts may not have.
 */
final class FlywayLine {
  private static final String EXTENSION =
      "org.flywaydb.database.postgresql.PostgreSQLConfigurationExtension";

  private FlywayLine() {}

  static FluentConfiguration withSessionLock(FluentConfiguration configuration) {
    try {
      Method getter = FluentConfiguration.class.getMethod("getConfigurationExtension", Class.class);
      Class<?> type = Class.forName(EXTENSION, true, FluentConfiguration.class.getClassLoader());
      Object extension = getter.invoke(configuration, type);
      type.getMethod("setTransactionalLock", boolean.class).invoke(extension, false);
      return configuration;
    } catch (NoSuchMethodException e) {
      return configuration.configuration(Map.of("flyway.postgresql.transactional.lock", "false"));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "This Flyway does not let its lock be held by the session: use one of the lines 10 to 13",
          e);
    }
  }
}
