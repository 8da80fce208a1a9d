package dev.plinth.core;

import dev.plinth.core.access.Access;
import dev.plinth.core.access.Roles;
import dev.plinth.core.apikey.ApiKeys;
import dev.plinth.core.batch.GroupCommit;
import dev.plinth.core.channel.Channel;
import dev.plinth.core.config.Configuration;
import dev.plinth.core.credential.Credentials;
import dev.plinth.core.diagnostics.Diagnostics;
import dev.plinth.core.event.Events;
import dev.plinth.core.health.Counters;
import dev.plinth.core.health.Health;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.identity.Users;
import dev.plinth.core.instance.Instances;
import dev.plinth.core.internal.Core;
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
import dev.plinth.core.tx.JoinedTx;
import dev.plinth.core.tx.NoTransactionException;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxAction;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.core.vault.Vault;
import java.sql.Connection;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Plinth in one host application: its transactions, its schema, and what every module shares. Made
 * once by {@link #builder()}, used by everyone, closed at the end.
 *
 * <pre>{@code
 * Plinth plinth = Plinth.builder().dataSource(dataSource).build();
 * plinth.migrations().migrate();
 *
 * plinth.transact(tx -> {
 *   orders.insert(tx.connection(), order);
 *   quotas.in(tx).charge(userId, "storage_mb", 12);
 * });
 * }</pre>
 *
 * <p>Building opens no connection and starts no thread; {@link #start()} does. Several instances
 * may live in one process. Safe for use by many threads.
 */
public final class Plinth implements AutoCloseable {
  private final Core core;

  Plinth(PlinthBuilder builder) {
    this.core = new Core(this, builder.settings());
  }

  /** Begins a Plinth; a DataSource or a connection source is all it needs. */
  public static PlinthBuilder builder() {
    return new PlinthBuilder();
  }

  /**
   * Works in a transaction: commits when the work returns, rolls back when it throws. If the
   * calling thread is in a transaction already (one of this Plinth's, or one that the connection
   * source names), the work takes part in it and the outermost decides.
   *
   * <p>A transaction opened here is repeated, work and all, after a serialization failure or a
   * deadlock, five times in all. It adds nothing on the wire but begin and commit.
   *
   * @throws dev.plinth.core.tx.ConnectionUnavailableException when no connection is to be had
   * @throws dev.plinth.core.tx.OutcomeUnknownException when the connection was lost during the
   *     commit
   */
  public <X extends Exception> void transact(TxAction<X> work) throws X {
    transact(TxOptions.defaults(), work);
  }

  /**
   * As {@link #transact(TxAction)}, with options.
   *
   * @throws IllegalStateException when the calling thread is in a transaction of another tenant
   *     than the options name
   */
  public <X extends Exception> void transact(TxOptions options, TxAction<X> work) throws X {
    Args.notNull(work, "work");
    core.transactions()
        .inCurrentOrNew(
            options,
            tx -> {
              work.run(tx);
              return Boolean.TRUE;
            });
  }

  /** As {@link #transact(TxAction)}, with a result. */
  public <T extends @Nullable Object, X extends Exception> T transactReturning(
      TxFunction<T, X> work) throws X {
    return transactReturning(TxOptions.defaults(), work);
  }

  /** As {@link #transact(TxOptions, TxAction)}, with a result. */
  public <T extends @Nullable Object, X extends Exception> T transactReturning(
      TxOptions options, TxFunction<T, X> work) throws X {
    return core.transactions().inCurrentOrNew(options, work);
  }

  /**
   * Works in a transaction of its own even when the calling thread is in another: for what must be
   * durable whether or not that one commits, such as a lease. Needs a second connection then; with
   * a pool of one it fails with {@link dev.plinth.core.tx.ConnectionUnavailableException} when the
   * pool's timeout has passed.
   */
  public <T extends @Nullable Object, X extends Exception> T transactSeparately(
      TxOptions options, TxFunction<T, X> work) throws X {
    return core.transactions().inNew(options, work);
  }

  /**
   * Has a single statement executed outside of any transaction, whatever the calling thread is in:
   * on a connection in auto-commit it costs one round trip, and no lock is left behind by a process
   * that stops answering. Where connections come with auto-commit off, or under row-level security,
   * it is in a short transaction that sees every tenant's rows. Is not repeated. After-commit
   * callbacks are not called.
   *
   * @throws dev.plinth.core.tx.ConnectionUnavailableException when no connection is to be had
   */
  public <T extends @Nullable Object> T executeAlone(TxFunction<T, RuntimeException> statement) {
    return core.executeAlone(Args.notNull(statement, "statement"));
  }

  /**
   * Takes part in the host's transaction. Sends nothing, and leaves commit, rollback, close and
   * auto-commit to the host.
   *
   * @throws NoTransactionException when the connection is closed or in auto-commit mode
   * @throws dev.plinth.core.tx.TransactionAbortedException when its transaction has already failed
   */
  public JoinedTx join(Connection connection) {
    return core.transactions().join(connection, null);
  }

  /**
   * As {@link #join(Connection)}, on behalf of a tenant. With {@link
   * PlinthBuilder#rowLevelSecurity} it tells the database so, for the rest of the transaction; a
   * transaction serves one tenant at a time, the last that was named.
   */
  public JoinedTx join(Connection connection, String tenant) {
    return core.transactions().join(connection, Args.text(tenant, 255, "tenant"));
  }

  /**
   * The transaction the calling thread is in: this Plinth's own, or the one its connection source
   * names.
   */
  public Optional<Tx> currentTransaction() {
    return core.transactions().current();
  }

  /**
   * Whether the calling thread is in a transaction, this Plinth's own or one its connection source
   * names. Sends nothing, and does not check that transaction as {@link #currentTransaction()}
   * does.
   */
  public boolean isInTransaction() {
    return core.transactions().isInTransaction();
  }

  /** Whether it was built with {@link PlinthBuilder#rowLevelSecurity()}. */
  public boolean usesRowLevelSecurity() {
    return core.transactions().isRowLevelSecurity();
  }

  /** Reads that may go to a replica, and the token by which they find one's own writes. */
  public Reads reads() {
    return core.reads();
  }

  /**
   * Whether Plinth can work, and if not, what to do; within five seconds. See {@link
   * #health(Duration)}.
   */
  public Health health() {
    return health(Duration.ofSeconds(5));
  }

  /**
   * Whether Plinth can work, and if not, what to do. Asks the database over one connection of the
   * pool, and the replica over another, on threads of the executor; whatever has not answered in
   * time is a finding. Never throws for what it finds, and may be called as often as one likes:
   * however many ask, one thread at a time looks at each server. Answers before {@link #start()}
   * and after {@link #close()} as well.
   *
   * @param timeout how long the answer may take; at most a minute
   */
  public Health health(Duration timeout) {
    return core.health(timeout);
  }

  /** What this Plinth has done since it was built, counted in memory; sends nothing. */
  public Counters counters() {
    return core.counters();
  }

  /**
   * What goes on in the database: sizes, sessions, locks, replication, what keeps dead rows. Reads
   * catalogues and statistics over one connection, each question in a read-only transaction of at
   * most twenty seconds, which waits 0.3 seconds for a lock. What the role may not see, and what
   * could not be asked in time, is said in the answer.
   *
   * @throws dev.plinth.core.tx.ConnectionUnavailableException when no connection is to be had
   * @throws dev.plinth.core.tx.DatabaseException when the connection is lost
   */
  public Diagnostics diagnostics() {
    return core.diagnostics();
  }

  /** Plinth's schema: migrate, verify, undo. */
  public Migrations migrations() {
    return core.migrations();
  }

  /**
   * Makes a restored backup safe, before any node starts on it: ends every lease and instance in
   * it, raises every fence and epoch beyond what the time that was lost may have handed out, gives
   * jobs that were running back to the queue, has OAuth grants checked at their next use, moves
   * sequences on and makes partitions of the present.
   *
   * <p>Works as the schema's owner on one connection, of the migration DataSource if one was given,
   * in one transaction: after a crash in it nothing has changed. May be called again, which changes
   * nothing but raises the fences once more. Afterwards a process of the lost time that reconnects
   * finds its claims, leases and instance gone. What must be done by people stands in {@code
   * docs/backup.md}.
   *
   * @return what it changed, and what is wrong with the database that it cannot mend
   * @throws dev.plinth.core.restore.RestoreRefusedException when other instances are alive by the
   *     database's clock and the options do not allow it; nothing was changed
   * @throws dev.plinth.core.migration.SchemaInvalidException when migrations are missing: call
   *     {@code migrations().migrate()} first
   * @throws dev.plinth.core.migration.MigrationException when the role does not own the schema
   * @throws IllegalStateException when this Plinth was started or closed
   */
  public RestoreReport afterRestore(RestoreOptions options) {
    return core.afterRestore(options);
  }

  /** The repository of users. */
  public Users users() {
    return core.users();
  }

  /** The repository of roles, what they permit, and their hierarchy. */
  public Roles roles() {
    return core.roles();
  }

  /** Who has which roles, and so may do what. */
  public Access access() {
    return core.access();
  }

  /** The repository of API keys. */
  public ApiKeys apiKeys() {
    return core.apiKeys();
  }

  /** Passwords of local accounts. */
  public Passwords passwords() {
    return core.passwords();
  }

  /** The repository of log-in sessions. */
  public Sessions sessions() {
    return core.sessions();
  }

  /**
   * Encryption.
   *
   * @throws IllegalStateException when the builder was given no keys
   */
  public Vault vault() {
    return core.vault();
  }

  /** Secrets of users for other systems; needs keys, as the vault does. */
  public Credentials credentials() {
    return core.credentials();
  }

  /** Facts that modules announce. */
  public Events events() {
    return core.events();
  }

  /** This incarnation and the others. */
  public Instances instances() {
    return core.instances();
  }

  /** Hints between nodes. */
  public Notifications notifications() {
    return core.notifications();
  }

  /** Named leases with fencing numbers. */
  public Locks locks() {
    return core.locks();
  }

  /** Live connections of users, each of the node that holds it. */
  public LiveConnections liveConnections() {
    return core.connections();
  }

  /** Settings of the installation, changed at run time. */
  public Configuration configuration() {
    return core.configuration();
  }

  /**
   * A channel for small messages to every node, best effort.
   *
   * @param name 1 to 40 letters, digits and the characters {@code . _ -}
   * @param type what is sent, such as a record; written and read by {@link #json()}
   */
  public <T> Channel<T> channel(String name, Class<T> type) {
    return core.channel(name, type);
  }

  /** Periodic tasks of the cluster. */
  public Maintenance maintenance() {
    return core.maintenance();
  }

  /** Partitions of time-ordered tables. */
  public Partitions partitions() {
    return core.partitions();
  }

  /**
   * A group commit of its own.
   *
   * @param name for logs
   * @param maxBatch the most items in one transaction
   * @param maxWaiting the most items that wait; beyond it, callers block
   */
  public <T, R> GroupCommit<T, R> groupCommit(
      String name, int maxBatch, int maxWaiting, GroupCommit.Batch<T, R> batch) {
    return core.groupCommit(name, maxBatch, maxWaiting, batch);
  }

  /** Mints ids. */
  public UuidV7 ids() {
    return core.ids();
  }

  /** Maps objects to JSON. */
  public JsonCodec json() {
    return core.json();
  }

  /**
   * The clock for what this process decides alone; what two machines must agree on asks the
   * database.
   */
  public InstantSource clock() {
    return core.clock();
  }

  /** The schema that holds Plinth's tables. */
  public Schema schema() {
    return core.schema();
  }

  /** Every module known to this Plinth, core first. */
  public List<FeatureModule> modules() {
    return core.modules();
  }

  /**
   * Where background work runs: the host's executor, or threads of Plinth's own. After {@link
   * #close()} it refuses every task with a {@link java.util.concurrent.RejectedExecutionException},
   * as the host's own may at any time.
   */
  public Executor executor() {
    return core.executor();
  }

  /**
   * Starts what runs in the background: the heartbeat, the LISTEN connection, maintenance. Checks
   * first that the schema is there and not too new. Does nothing the second time.
   *
   * @throws dev.plinth.core.migration.SchemaTooNewException when a newer version has applied a
   *     breaking migration
   * @throws IllegalStateException after {@link #close()}; also when row-level security binds the
   *     role of the data source and {@link PlinthBuilder#rowLevelSecurity()} was not called
   * @throws java.util.concurrent.RejectedExecutionException when the host's executor takes no task;
   *     nothing runs then
   */
  public void start() {
    core.start();
  }

  /** True between {@link #start()} and {@link #close()}. */
  public boolean isStarted() {
    return core.isStarted();
  }

  /**
   * Stops the background work, gives up this instance, and closes Plinth's own threads; never the
   * DataSource. Close modules first. Does nothing the second time.
   */
  @Override
  public void close() {
    core.close();
  }
}
