package dev.plinth.core;

import dev.plinth.core.internal.Settings;
import dev.plinth.core.json.JsonCodec;
import dev.plinth.core.password.PasswordOptions;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.tx.ConnectionSource;
import dev.plinth.core.vault.KeyProvider;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Executor;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Collects what a {@link Plinth} needs. Only the data source (or a connection source) must be
 * given. Not safe for use by many threads; may be used once.
 *
 * <p>Defaults: schema {@code plinth}; keys none, so {@link Plinth#vault()} refuses; JSON by
 * Jackson; the system's clock; threads of Plinth's own; modules found on the class path;
 * notifications on.
 */
public final class PlinthBuilder {
  private Settings settings = Settings.defaults();
  private @Nullable DataSource dataSource;
  private @Nullable DataSource readDataSource;

  PlinthBuilder() {}

  /** The host's database, usually its pool. */
  public PlinthBuilder dataSource(DataSource dataSource) {
    this.dataSource = Args.notNull(dataSource, "dataSource");
    return this;
  }

  /**
   * Physical streaming replicas, for what is read through {@link Plinth#reads()}. Give its pool a
   * short connection timeout, such as one second: a read that finds nobody there waits so long
   * before it goes to the primary.
   */
  public PlinthBuilder readDataSource(DataSource readDataSource) {
    this.readDataSource = Args.notNull(readDataSource, "readDataSource");
    return this;
  }

  /**
   * How this environment hands out connections and says what the current transaction is; replaces
   * the data sources.
   */
  public PlinthBuilder connectionSource(ConnectionSource source) {
    settings = settings.withSource(Args.notNull(source, "source"));
    return this;
  }

  /**
   * Where migrations and partitions get their connection: a role that owns the schema, reached
   * directly.
   */
  public PlinthBuilder migrationDataSource(DataSource dataSource) {
    settings = settings.withMigrationDataSource(Args.notNull(dataSource, "dataSource"));
    return this;
  }

  /**
   * Where the LISTEN connection comes from: a server reached directly, not through PgBouncer in
   * transaction mode. It keeps one connection.
   */
  public PlinthBuilder notificationDataSource(DataSource dataSource) {
    settings = settings.withNotificationDataSource(Args.notNull(dataSource, "dataSource"));
    return this;
  }

  /** Switches the LISTEN connection off; everyone polls. */
  public PlinthBuilder withoutNotifications() {
    settings = settings.withNotifications(false);
    return this;
  }

  /** The schema that holds Plinth's tables; may need quoting. */
  public PlinthBuilder schema(String name) {
    return schema(Schema.of(name));
  }

  /** The schema that holds Plinth's tables. */
  public PlinthBuilder schema(Schema schema) {
    settings = settings.withSchema(Args.notNull(schema, "schema"));
    return this;
  }

  /** The keys that the vault encrypts under. */
  public PlinthBuilder keys(KeyProvider keys) {
    settings = settings.withKeys(Args.notNull(keys, "keys"));
    return this;
  }

  /** Another mapping of objects to JSON. */
  public PlinthBuilder json(JsonCodec json) {
    settings = settings.withJson(Args.notNull(json, "json"));
    return this;
  }

  /** The clock for what this process decides alone. */
  public PlinthBuilder clock(InstantSource clock) {
    settings = settings.withClock(Args.notNull(clock, "clock"));
    return this;
  }

  /**
   * Where background work runs. It must be able to run several long tasks at once, such as {@code
   * Executors.newCachedThreadPool()} or, from JDK 21 on, {@code newVirtualThreadPerTaskExecutor()}.
   * Plinth does not close it.
   */
  public PlinthBuilder executor(Executor executor) {
    settings = settings.withExecutor(Args.notNull(executor, "executor"));
    return this;
  }

  /**
   * The modules to migrate, instead of those found on the class path. Core is always among them.
   */
  public PlinthBuilder modules(List<FeatureModule> modules) {
    settings = settings.withModules(List.copyOf(Args.notNull(modules, "modules")));
    return this;
  }

  /**
   * What people call this node, in logs and tables; by default the host's name and the process id.
   */
  public PlinthBuilder nodeName(String name) {
    settings = settings.withNodeName(Args.text(name, 255, "name"));
    return this;
  }

  /**
   * How long after its last heartbeat an instance is declared dead; it beats four times in that
   * time. 30 seconds unless set; at least one second.
   */
  public PlinthBuilder instanceTimeToLive(Duration timeToLive) {
    Args.positive(timeToLive, "timeToLive");
    Args.check(
        timeToLive.toMillis() >= 1000,
        "timeToLive must be at least one second, but is " + timeToLive);
    settings = settings.withTimeToLive(timeToLive);
    return this;
  }

  /**
   * How long {@code migrate()} and {@code rollback()} wait for another node that is changing the
   * schema. 15 minutes unless set.
   */
  public PlinthBuilder migrationLockTimeout(Duration timeout) {
    settings = settings.withMigrationLockTimeout(Args.positive(timeout, "timeout"));
    return this;
  }

  /**
   * How long a run of a maintenance task may last. Beyond it, its thread is interrupted and its
   * lease no longer renewed, so that another node takes the task over. An hour unless set; at most
   * a year.
   */
  public PlinthBuilder maintenanceLimit(Duration limit) {
    Args.positive(limit, "limit");
    Args.check(
        limit.compareTo(Duration.ofDays(365)) <= 0,
        "limit must be at most 365 days, but is " + limit);
    settings = settings.withMaintenanceLimit(limit);
    return this;
  }

  /** What hashing passwords costs, and how many at a time. */
  public PlinthBuilder passwords(PasswordOptions options) {
    settings = settings.withPasswords(Args.notNull(options, "options"));
    return this;
  }

  /**
   * Says that the script {@code row_level_security} is applied: every transaction with a tenant
   * tells it to the database first, which costs one round trip, and background work asks to see the
   * rows of all. Off unless called; see the guide on tenancy.
   */
  public PlinthBuilder rowLevelSecurity() {
    settings = settings.withRowLevelSecurity(true);
    return this;
  }

  /**
   * Makes the Plinth. Opens no connection and starts no thread.
   *
   * @throws IllegalArgumentException when neither a data source nor a connection source was given
   */
  public Plinth build() {
    Plinth plinth = new Plinth(this);
    plinth.modules().forEach(module -> module.subscribe(plinth));
    return plinth;
  }

  Settings settings() {
    if (settings.source() != null) {
      Args.check(
          dataSource == null && readDataSource == null,
          "connectionSource must not be combined with dataSource or readDataSource");
      return settings;
    }
    Args.check(dataSource != null, "dataSource must be given: Plinth.builder().dataSource(…)");
    return settings.withSource(
        readDataSource == null
            ? ConnectionSource.of(Args.notNull(dataSource, "dataSource"))
            : ConnectionSource.of(Args.notNull(dataSource, "dataSource"), readDataSource));
  }
}
