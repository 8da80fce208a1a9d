package dev.plinth.test;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.spi.Schema;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A database of a test's own on a PostgreSQL server: its address, pools on it, and its clock. Safe
 * for use by many threads.
 *
 * <p>{@link PlinthFixture} and {@link PlinthTest} make one that is migrated; {@link #create()}
 * makes an empty one, for tests of migrations.
 */
public final class TestDatabase implements AutoCloseable {
  private final @Nullable TestServer server;
  private final String name;
  private final String url;
  private final DatabaseOffset offset;
  private final SettableClock clock;
  private final List<WatchedPool> pools = new ArrayList<>();

  private TestDatabase(@Nullable TestServer server, String name, String url) {
    this.server = server;
    this.name = name;
    this.url = url;
    this.offset = new DatabaseOffset(this, server != null);
    this.clock = new SettableClock(offset);
  }

  /** An empty database, on a server that may lose data when it crashes. */
  public static TestDatabase create() {
    return create(false);
  }

  /** An empty database; with {@code fsync=on} if it must survive crashes. */
  public static TestDatabase create(boolean durable) {
    return create(TestServer.get(durable));
  }

  static TestDatabase create(TestServer server) {
    TestDatabase database = on(server);
    server.execute("CREATE DATABASE " + database.name + " TEMPLATE template0 ENCODING 'UTF8'");
    DatabaseSide.install(database);
    return database;
  }

  /**
   * A database that another process has created, by its {@link #url()}: for programs forked by a
   * test. Its clock follows the other process's, and closing it drops nothing.
   */
  public static TestDatabase attach(String url) {
    return new TestDatabase(null, url, url);
  }

  static TestDatabase copyOf(TestDatabase template, TestServer server) {
    TestDatabase database = on(server);
    server.execute("CREATE DATABASE " + database.name + " TEMPLATE " + template.name);
    return database;
  }

  private static TestDatabase on(TestServer server) {
    String name = "plinth_test_" + UUID.randomUUID().toString().replace("-", "");
    return new TestDatabase(server, name, server.url(name));
  }

  /** Makes it anew from the template, under the same name; what was connected no longer is. */
  void recreate(TestDatabase template) {
    TestServer on = ownServer();
    offset.close();
    on.execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
    on.execute("CREATE DATABASE " + name + " TEMPLATE " + template.name);
  }

  String name() {
    return name;
  }

  /** The JDBC address, with user and password in it. */
  public String url() {
    return url;
  }

  /** The clock that moves this database's time together with that of the Plinths on it. */
  public SettableClock clock() {
    return clock;
  }

  /**
   * A new pool, closed together with the database; whoever has not returned a connection by then is
   * told.
   */
  public HikariDataSource pool(int size) {
    return pool(size, Duration.ofMinutes(1));
  }

  /**
   * A new pool, closed together with the database.
   *
   * @param patience how long whoever wants a connection waits for one; at least 250 milliseconds
   */
  public HikariDataSource pool(int size, Duration patience) {
    return watchedPool(size, patience);
  }

  WatchedPool watchedPool(int size) {
    return watchedPool(size, Duration.ofMinutes(1));
  }

  private synchronized WatchedPool watchedPool(int size, Duration patience) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url());
    config.setMaximumPoolSize(size);
    config.setMinimumIdle(0);
    config.setConnectionTimeout(patience.toMillis());
    WatchedPool pool = new WatchedPool(config);
    pools.add(pool);
    return pool;
  }

  /** A connection outside every pool. */
  public Connection connect() throws SQLException {
    return DriverManager.getConnection(url());
  }

  /** A schema of the given name whose <code>{now}</code> is this database's settable clock. */
  public Schema schema(String schemaName) {
    return Schema.of(schemaName).withClock(DatabaseSide.NOW);
  }

  /**
   * The beginning of a Plinth on this database, with the settable clock, the tests' keys and the
   * schema {@code plinth}. What it builds is the caller's to close.
   */
  public PlinthBuilder plinth(DataSource dataSource) {
    return Plinth.builder()
        .dataSource(dataSource)
        .schema(schema(Schema.DEFAULT_NAME))
        .clock(clock)
        .keys(TestKeys.ring());
  }

  /**
   * Closes the pools and drops the database.
   *
   * @throws IllegalStateException when a connection of a pool was not returned; what holds it is
   *     told by the failure, and everything is closed all the same
   */
  @Override
  public synchronized void close() {
    List<AutoCloseable> closing = new ArrayList<>();
    pools.forEach(pool -> closing.add(pool::requireAllReturned));
    closing.addAll(pools);
    closing.add(offset);
    closing.add(this::drop);
    Closing.all(closing);
  }

  private void drop() {
    if (server != null) {
      server.execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
    }
  }

  private TestServer ownServer() {
    if (server == null) {
      throw new IllegalStateException("This database belongs to another process");
    }
    return server;
  }
}
