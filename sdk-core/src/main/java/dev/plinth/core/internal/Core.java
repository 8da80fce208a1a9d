package dev.plinth.core.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.access.Access;
import dev.plinth.core.access.Roles;
import dev.plinth.core.apikey.ApiKeys;
import dev.plinth.core.apikey.KeyOwner;
import dev.plinth.core.batch.GroupCommit;
import dev.plinth.core.channel.Channel;
import dev.plinth.core.config.Configuration;
import dev.plinth.core.credential.Credentials;
import dev.plinth.core.diagnostics.Diagnostics;
import dev.plinth.core.event.Events;
import dev.plinth.core.health.Counters;
import dev.plinth.core.health.Health;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.identity.UserDeactivated;
import dev.plinth.core.identity.UserReactivated;
import dev.plinth.core.identity.Users;
import dev.plinth.core.instance.Instances;
import dev.plinth.core.internal.access.AccessControl;
import dev.plinth.core.internal.access.RoleRepository;
import dev.plinth.core.internal.apikey.ApiKeyRepository;
import dev.plinth.core.internal.batch.BatchCounts;
import dev.plinth.core.internal.batch.LeaderCommit;
import dev.plinth.core.internal.change.ChangeFeed;
import dev.plinth.core.internal.channel.NotifyChannel;
import dev.plinth.core.internal.config.StoredConfiguration;
import dev.plinth.core.internal.credential.CredentialRepository;
import dev.plinth.core.internal.diagnostics.Diagnose;
import dev.plinth.core.internal.event.EventBus;
import dev.plinth.core.internal.health.HealthCheck;
import dev.plinth.core.internal.health.PrimaryLook;
import dev.plinth.core.internal.identity.UserRepository;
import dev.plinth.core.internal.instance.HeartbeatInstances;
import dev.plinth.core.internal.lock.LeasedLocks;
import dev.plinth.core.internal.maintenance.LeasedMaintenance;
import dev.plinth.core.internal.migration.FlywayMigrations;
import dev.plinth.core.internal.notify.PostgresNotifications;
import dev.plinth.core.internal.partition.RangePartitions;
import dev.plinth.core.internal.password.PasswordRepository;
import dev.plinth.core.internal.presence.ConnectionRegistry;
import dev.plinth.core.internal.read.ReadCounts;
import dev.plinth.core.internal.read.RoutedReads;
import dev.plinth.core.internal.restore.AfterRestore;
import dev.plinth.core.internal.session.SessionRepository;
import dev.plinth.core.internal.tx.OneStatement;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.internal.tx.TxCounts;
import dev.plinth.core.internal.vault.EnvelopeVault;
import dev.plinth.core.json.JsonCodec;
import dev.plinth.core.lock.Locks;
import dev.plinth.core.maintenance.Maintenance;
import dev.plinth.core.migration.Migrations;
import dev.plinth.core.notify.Notifications;
import dev.plinth.core.partition.Partitions;
import dev.plinth.core.password.Passwords;
import dev.plinth.core.presence.LiveConnections;
import dev.plinth.core.read.Reads;
import dev.plinth.core.restore.RestoreOptions;
import dev.plinth.core.restore.RestoreReport;
import dev.plinth.core.session.Sessions;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.core.vault.Vault;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** Core's parts and their order: what is made, started and closed when. */
public final class Core {
  private enum State {
    NEW,
    STARTED,
    CLOSED
  }

  /** Partitions are made a period ahead, and rows of the dead kept for a month: no hurry. */
  private static final Duration MAINTENANCE = Duration.ofHours(1);

  /** Dead rows of what comes and goes all the time; nobody sees them, so this is about space. */
  private static final Duration SWEEP = Duration.ofMinutes(1);

  /** Changes that every node has seen are of no use. */
  private static final Duration OFTEN = Duration.ofMinutes(5);

  /** What a rotation that was asked for may have to wait before it is gone on with. */
  private static final Duration ROTATION = Duration.ofMinutes(5);

  private final Settings settings;
  private final List<FeatureModule> modules;
  private final Transactions transactions;
  private final RoutedReads reads;
  private final BatchCounts batches = new BatchCounts();
  private final Threads threads;
  private final EventBus events = new EventBus();
  private final UuidV7 ids;
  private final RangePartitions partitions;
  private final FlywayMigrations migrations;
  private final UserRepository users;
  private final ApiKeyRepository apiKeys;
  private final SessionRepository sessions;
  private final PasswordRepository passwords;
  private final @Nullable EnvelopeVault vault;
  private final CredentialRepository credentials;
  private final HeartbeatInstances instances;
  private final PostgresNotifications notifications;
  private final LeasedLocks locks;
  private final ConnectionRegistry connections;
  private final LeasedMaintenance maintenance;
  private final ChangeFeed changes;
  private final RoleRepository roles;
  private final AccessControl access;
  private final HealthCheck health;
  private final StoredConfiguration configuration;
  private final TxScope standalone;

  /**
   * Written under the monitor, read without it: start and close hold it while they wait for
   * connections.
   */
  private volatile State state = State.NEW;

  private volatile Instant startedAt = Instant.MAX;

  /** Makes the parts; opens no connection and starts no thread. */
  public Core(Plinth plinth, Settings settings) {
    this.settings = settings;
    this.modules = Modules.inOrder(settings.modules());
    this.transactions =
        new Transactions(Args.notNull(settings.source(), "source"), settings.rowLevelSecurity());
    this.reads = new RoutedReads(transactions);
    this.threads = new Threads(settings.executor());
    this.ids = new UuidV7(settings.clock());
    this.partitions = new RangePartitions(settings, transactions, modules);
    this.migrations = new FlywayMigrations(settings, modules, partitions);
    this.standalone = TxScope.standalone(plinth);
    this.apiKeys =
        new ApiKeyRepository(
            standalone, transactions, threads, this::isStarted, settings.schema(), ids, events);
    this.sessions =
        new SessionRepository(
            standalone, transactions, threads, this::isStarted, settings.schema(), ids, events);
    this.users =
        new UserRepository(
            standalone,
            TxScope.standalone(
                plinth, TxOptions.defaults().withIsolation(TxOptions.Isolation.READ_COMMITTED)),
            settings.schema(),
            ids,
            events,
            modules,
            this::endAccess);
    this.passwords =
        new PasswordRepository(transactions, settings.schema(), settings.passwords(), events);
    // Keys are refused while their user is inactive, and good again afterwards.
    events.inTransaction(
        UserDeactivated.class, (tx, event) -> sessions.in(tx).revokeAll(event.userId()));
    // Those of a user whom the host deactivated by SQL: sessions never come back.
    events.inTransaction(
        UserReactivated.class, (tx, event) -> sessions.in(tx).revokeAll(event.userId()));
    this.vault =
        settings.keys() == null
            ? null
            : new EnvelopeVault(
                standalone, transactions, settings, settings.keys(), ids, modules, this::ifStarted);
    this.credentials =
        new CredentialRepository(
            standalone, settings.schema(), ids, this::vault, transactions::isInTransaction);
    this.instances = new HeartbeatInstances(settings, transactions, ids, threads);
    this.notifications = new PostgresNotifications(settings, threads);
    this.locks =
        new LeasedLocks(standalone, transactions, settings.schema(), instances, notifications);
    this.connections =
        new ConnectionRegistry(
            standalone, transactions, settings.schema(), ids, instances, notifications, threads);
    this.maintenance = new LeasedMaintenance(settings, transactions, instances, threads);
    this.changes = new ChangeFeed(settings, transactions, notifications, threads);
    this.roles = new RoleRepository(standalone, settings.schema(), changes);
    this.access = new AccessControl(standalone, settings.schema(), events, changes, transactions);
    this.health = healthCheck();
    this.configuration =
        new StoredConfiguration(standalone, settings, ids, events, changes, transactions, threads);
    maintenance.register("core.partitions", MAINTENANCE, partitions::ensureAhead);
    maintenance.register("core.instances", MAINTENANCE, instances::purge);
    maintenance.register("core.locks", MAINTENANCE, locks::purge);
    maintenance.register("core.connections", SWEEP, connections::sweep);
    maintenance.register("core.changes", OFTEN, changes::purge);
    maintenance.register("core.sessions", MAINTENANCE, sessions::clean);
    if (vault != null) {
      maintenance.register("core.vault_rotation", ROTATION, vault::continueRotation);
    }
  }

  private void endAccess(Tx tx, UUID user) {
    apiKeys.in(tx).revokeAll(KeyOwner.user(user));
    sessions.in(tx).revokeAll(user);
  }

  /** What health looks at, and where it finds this node's own part. */
  private HealthCheck healthCheck() {
    PrimaryLook primary =
        new PrimaryLook(
            transactions.source(),
            settings.schema(),
            modules,
            migrations,
            maintenance::periods,
            () -> isStarted() ? instances.id() : null,
            () ->
                isStarted()
                    ? Duration.between(startedAt, settings.clock().instant())
                    : Duration.ZERO);
    return new HealthCheck(
        transactions.source(),
        settings.clock(),
        threads,
        primary,
        vault == null ? null : vault.keys()::health,
        notifications::health,
        () -> isStarted() ? new Health.Node(instances.id(), instances.isAlive(), null) : null);
  }

  /** What was done so far. */
  public Counters counters() {
    TxCounts tx = transactions.counts();
    ReadCounts read = reads.counts();
    return new Counters(
        tx.committedSoFar(),
        tx.rolledBackSoFar(),
        tx.unknownSoFar(),
        tx.repeatedSoFar(),
        read.onReplicaSoFar(),
        read.behindSoFar(),
        read.awaySoFar(),
        read.brokenOffSoFar(),
        batches.batchesSoFar(),
        batches.itemsSoFar());
  }

  /** What goes on in the database. */
  public Diagnostics diagnostics() {
    return new Diagnose(transactions.source(), settings.schema()).run();
  }

  /** What is the matter, found within the time. */
  public Health health(Duration timeout) {
    Args.positive(timeout, "timeout");
    Args.check(timeout.compareTo(Duration.ofMinutes(1)) <= 0, "timeout must be at most a minute");
    return health.within(timeout);
  }

  /** Starts the background parts, each after what it stands on. */
  public synchronized void start() {
    if (state == State.CLOSED) {
      throw new IllegalStateException("Plinth is closed: build a new one");
    }
    if (state == State.STARTED) {
      return;
    }
    migrations.refuseTooNew();
    if (vault != null) {
      vault.prepare();
    }
    instances.start();
    try {
      notifications.start();
      changes.start();
      maintenance.start();
    } catch (RejectedExecutionException e) {
      // Half a start would beat for an instance that does nothing.
      closeParts();
      threads.close();
      state = State.CLOSED;
      throw e;
    }
    startedAt = settings.clock().instant();
    state = State.STARTED;
  }

  /** Closes the background parts, each before what it stands on. */
  public synchronized void close() {
    if (state == State.STARTED) {
      closeParts();
    }
    if (state != State.CLOSED) {
      threads.close();
    }
    state = State.CLOSED;
  }

  /** Work for the background, if there is one. */
  private void ifStarted(Runnable work) {
    if (state != State.STARTED) {
      throw new RejectedExecutionException("Plinth is not started");
    }
    threads.execute(work);
  }

  private void closeParts() {
    maintenance.close();
    connections.close();
    changes.close();
    notifications.close();
    instances.close();
    if (vault != null) {
      vault.close();
    }
  }

  /** True between start and close. */
  public boolean isStarted() {
    return state == State.STARTED;
  }

  /** Transactions. */
  public Transactions transactions() {
    return transactions;
  }

  /** Reads that allow staleness. */
  public Reads reads() {
    return reads;
  }

  /** Migrations. */
  public Migrations migrations() {
    return migrations;
  }

  /** What follows the restoring of a backup. */
  public RestoreReport afterRestore(RestoreOptions options) {
    Args.notNull(options, "options");
    if (state != State.NEW) {
      throw new IllegalStateException(
          "A restored database is made safe before anything runs on it: call afterRestore on a"
              + " Plinth that was not started");
    }
    return new AfterRestore(migrations, partitions, settings.schema(), ids, modules).run(options);
  }

  /** Users. */
  public Users users() {
    return users;
  }

  /** Roles. */
  public Roles roles() {
    return roles;
  }

  /** Who has which. */
  public Access access() {
    return access;
  }

  /** API keys. */
  public ApiKeys apiKeys() {
    return apiKeys;
  }

  /** Passwords. */
  public Passwords passwords() {
    return passwords;
  }

  /** Sessions. */
  public Sessions sessions() {
    return sessions;
  }

  /** Settings. */
  public Configuration configuration() {
    return configuration;
  }

  /** A channel. */
  public <T> Channel<T> channel(String name, Class<T> type) {
    return new NotifyChannel<>(name, type, standalone, notifications, settings.json(), threads);
  }

  /** The vault, if there are keys. */
  public Vault vault() {
    if (vault == null) {
      throw new IllegalStateException(
          "The vault has no keys: give some with Plinth.builder().keys(KeyRing.fromEnvironment(…))");
    }
    return vault;
  }

  /** Credentials. */
  public Credentials credentials() {
    return credentials;
  }

  /** Events. */
  public Events events() {
    return events;
  }

  /** Instances. */
  public Instances instances() {
    return instances;
  }

  /** Notifications. */
  public Notifications notifications() {
    return notifications;
  }

  /** Locks. */
  public Locks locks() {
    return locks;
  }

  /** Live connections. */
  public LiveConnections connections() {
    return connections;
  }

  /** Maintenance. */
  public Maintenance maintenance() {
    return maintenance;
  }

  /** Partitions. */
  public Partitions partitions() {
    return partitions;
  }

  /** One statement, outside of any transaction. */
  public <T extends @Nullable Object> T executeAlone(TxFunction<T, RuntimeException> statement) {
    return new OneStatement(transactions).alone(statement);
  }

  /** A new group commit. */
  public <T, R> GroupCommit<T, R> groupCommit(
      String name, int maxBatch, int maxWaiting, GroupCommit.Batch<T, R> batch) {
    return new LeaderCommit<>(name, maxBatch, maxWaiting, batch, transactions, threads, batches);
  }

  /** Ids. */
  public UuidV7 ids() {
    return ids;
  }

  /** JSON. */
  public JsonCodec json() {
    return settings.json();
  }

  /** The clock. */
  public InstantSource clock() {
    return settings.clock();
  }

  /** The schema. */
  public Schema schema() {
    return settings.schema();
  }

  /** Every module, core first. */
  public List<FeatureModule> modules() {
    return modules;
  }

  /** Where background work runs. */
  public Executor executor() {
    return threads;
  }
}
