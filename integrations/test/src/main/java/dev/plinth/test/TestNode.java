package dev.plinth.test;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Schema;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * One Plinth on the database under test, with a pool and modules of its own, as one machine of a
 * cluster would have them. Closed when the test ends, or before by itself. Safe for use by many
 * threads.
 */
public final class TestNode implements AutoCloseable {
  private static final int POOL_SIZE = 10;

  private final WatchedPool pool;
  private final Plinth plinth;
  private final Map<Class<?>, AutoCloseable> entryPoints = new LinkedHashMap<>();
  private boolean closed;

  TestNode(TestDatabase database, String schema, String name, PlinthCustomizer customizer) {
    this.pool = database.watchedPool(POOL_SIZE);
    this.plinth = build(pool, database.clock(), schema, name, customizer);
  }

  static Plinth build(
      DataSource pool,
      InstantSource clock,
      String schema,
      String name,
      PlinthCustomizer customizer) {
    var builder =
        Plinth.builder()
            .dataSource(pool)
            .schema(Schema.of(schema).withClock(DatabaseSide.NOW))
            .clock(clock)
            .keys(TestKeys.ring())
            .nodeName(name);
    customizer.customize(builder);
    return builder.build();
  }

  /** This node's Plinth. */
  public Plinth plinth() {
    return plinth;
  }

  /** This node's pool. */
  public DataSource dataSource() {
    return pool;
  }

  /**
   * A module's entry point, made with its defaults when first asked for.
   *
   * @throws IllegalArgumentException when no module on the class path has such an entry point
   */
  public synchronized <T> T get(Class<T> entryPoint) {
    if (entryPoint == Plinth.class) {
      return entryPoint.cast(plinth);
    }
    @Nullable AutoCloseable made = entryPoints.get(entryPoint);
    if (made == null) {
      made = make(entryPoint);
      entryPoints.put(entryPoint, made);
    }
    return entryPoint.cast(made);
  }

  private AutoCloseable make(Class<?> type) {
    for (FeatureModule module : plinth.modules()) {
      if (module.entryPoint() == type) {
        return module.create(plinth);
      }
    }
    throw new IllegalArgumentException("No module on the class path makes a " + type.getName());
  }

  /**
   * Closes the entry points, the last made first, then the Plinth, then the pool.
   *
   * @throws IllegalStateException when somebody has not returned a connection of the pool
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    Deque<AutoCloseable> closing = new ArrayDeque<>();
    closing.push(pool);
    closing.push(pool::requireAllReturned);
    closing.push(plinth);
    entryPoints.values().forEach(closing::push);
    Closing.all(closing);
  }
}
