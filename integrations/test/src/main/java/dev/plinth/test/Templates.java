package dev.plinth.test;

import static java.util.stream.Collectors.toUnmodifiableSet;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Schema;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Migrated databases that others are copied from: one for each server, schema name and set of
 * modules that this JVM's tests have asked for.
 */
final class Templates {
  private record Key(TestServer server, String schema, List<String> modules) {}

  private static final ConcurrentMap<Key, Template> MADE = new ConcurrentHashMap<>();

  /**
   * A migrated database.
   *
   * @param schema where the Plinths on its copies have their tables
   * @param entryPoints the types that their modules can make
   */
  record Template(TestDatabase database, Schema schema, Set<Class<?>> entryPoints) {}

  private Templates() {}

  static Template get(TestServer server, String schema, PlinthCustomizer customizer) {
    // Nothing connects before the key is known: building a Plinth opens no connection.
    HikariDataSource later = new HikariDataSource();
    later.setMaximumPoolSize(2);
    Plinth unconnected = TestNode.build(later, new SettableClock(), schema, "template", customizer);
    Key key = new Key(server, unconnected.schema().name(), modules(unconnected));
    try (unconnected;
        later) {
      return MADE.computeIfAbsent(key, absent -> make(server, later, unconnected));
    }
  }

  private static Template make(TestServer server, HikariDataSource pool, Plinth plinth) {
    TestDatabase template = TestDatabase.create(server);
    pool.setJdbcUrl(template.url());
    plinth.migrations().migrate();
    DatabaseSide.remember(template, plinth.schema());
    // PostgreSQL copies only databases that nobody is connected to.
    pool.close();
    server.dropAtExit(template.name());
    return new Template(template, plinth.schema(), entryPoints(plinth));
  }

  private static Set<Class<?>> entryPoints(Plinth plinth) {
    return plinth.modules().stream().map(FeatureModule::entryPoint).collect(toUnmodifiableSet());
  }

  private static List<String> modules(Plinth plinth) {
    return plinth.modules().stream().map(Templates::identity).toList();
  }

  private static String identity(FeatureModule module) {
    return module.getClass().getName() + " " + module.name() + " " + module.migrations();
  }
}
