package dev.plinth.core.internal.presence;

import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.instance.Instances;
import dev.plinth.core.internal.Threads;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.notify.Notifications;
import dev.plinth.core.presence.LiveConnection;
import dev.plinth.core.presence.LiveConnections;
import dev.plinth.core.presence.NewConnection;
import dev.plinth.core.presence.Presence;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Checks arguments and chooses the transaction; each use case has a class of its own. */
public final class ConnectionRegistry implements LiveConnections {
  private static final int MOST_USERS = 10_000;
  private static final int SWEPT_AT_ONCE = 1_000;

  private final TxScope scope;
  private final Transactions transactions;
  private final Instances instances;
  private final UuidV7 ids;
  private final ConnectionRows rows;
  private final Register register;
  private final Remove remove;
  private final Holding holding;
  private final Dismissals dismissals;

  /** Opens nothing and starts no thread. */
  public ConnectionRegistry(
      TxScope standalone,
      Transactions transactions,
      Schema schema,
      UuidV7 ids,
      Instances instances,
      Notifications notifications,
      Threads threads) {
    this.scope = standalone;
    this.transactions = transactions;
    this.instances = instances;
    this.ids = ids;
    this.rows = new ConnectionRows(schema);
    this.register = new Register(schema);
    this.remove = new Remove(schema);
    this.holding = new Holding(new Beat(transactions, schema), threads);
    this.dismissals = new Dismissals(notifications, holding);
    instances.onLost(holding::lost);
  }

  private ConnectionRegistry(TxScope scope, ConnectionRegistry other) {
    this.scope = scope;
    this.transactions = other.transactions;
    this.instances = other.instances;
    this.ids = other.ids;
    this.rows = other.rows;
    this.register = other.register;
    this.remove = other.remove;
    this.holding = other.holding;
    this.dismissals = other.dismissals;
  }

  @Override
  public LiveConnections in(Tx tx) {
    return new ConnectionRegistry(TxScope.of(tx), this);
  }

  @Override
  public LiveConnection register(NewConnection connection) {
    return register(connection, null);
  }

  @Override
  public LiveConnection register(NewConnection connection, int limit) {
    Args.range(limit, 1, Integer.MAX_VALUE, "limit");
    return register(connection, Integer.valueOf(limit));
  }

  private LiveConnection register(NewConnection connection, @Nullable Integer limit) {
    Args.notNull(connection, "connection");
    UUID instance = instances.id();
    return scope.returning(
        tx -> {
          LiveConnection made =
              register.register(Writable.require(tx), ids.next(), instance, connection, limit);
          HeldConnection own = new HeldConnection(made, connection.timeToLive());
          holding.add(own);
          tx.afterCommit(own::committed);
          return made;
        });
  }

  @Override
  public boolean seen(UUID id) {
    return holding.seen(Args.notNull(id, "id"));
  }

  @Override
  public boolean close(UUID id) {
    Args.notNull(id, "id");
    return scope.returning(
        tx -> {
          boolean there = !remove.one(Writable.require(tx), id).isEmpty();
          holding.forget(id, tx.tenantId());
          return there;
        });
  }

  @Override
  public boolean dismiss(UUID id) {
    Args.notNull(id, "id");
    return dismiss(tx -> remove.one(tx, id)) > 0;
  }

  @Override
  public int dismissAll(UUID userId) {
    Args.notNull(userId, "userId");
    return dismiss(tx -> remove.ofUser(tx, userId, null));
  }

  @Override
  public int dismissOthers(UUID userId, UUID keptId) {
    Args.notNull(userId, "userId");
    Args.notNull(keptId, "keptId");
    return dismiss(tx -> remove.ofUser(tx, userId, keptId));
  }

  private interface Removal {
    List<Remove.Removed> from(Tx tx);
  }

  private int dismiss(Removal removal) {
    return scope.returning(
        tx -> {
          List<Remove.Removed> removed = removal.from(Writable.require(tx));
          dismissals.announce(tx, removed.stream().map(Remove.Removed::id).toList());
          return (int) removed.stream().filter(Remove.Removed::live).count();
        });
  }

  @Override
  public Subscription onDismissed(Consumer<UUID> listener) {
    return holding.onDismissed(Args.notNull(listener, "listener"));
  }

  @Override
  public Optional<LiveConnection> find(UUID id) {
    Args.notNull(id, "id");
    return scope.returning(tx -> rows.find(tx, id));
  }

  @Override
  public List<LiveConnection> list(UUID userId) {
    Args.notNull(userId, "userId");
    return scope.returning(tx -> rows.list(tx, userId));
  }

  @Override
  public int count(UUID userId) {
    Args.notNull(userId, "userId");
    return scope.returning(tx -> rows.count(tx, userId));
  }

  @Override
  public Map<UUID, Presence> presence(Collection<UUID> userIds) {
    Args.notNull(userIds, "userIds");
    Args.check(
        userIds.size() <= MOST_USERS,
        "userIds must have at most 10000 elements, but has " + userIds.size());
    userIds.forEach(id -> Args.notNull(id, "userIds"));
    UUID[] wanted = userIds.toArray(UUID[]::new);
    return wanted.length == 0 ? Map.of() : scope.returning(tx -> rows.presence(tx, wanted));
  }

  @Override
  public List<LiveConnection> page(@Nullable UUID after, int limit) {
    Args.range(limit, 1, 1_000, "limit");
    return scope.returning(tx -> rows.page(tx, after, limit));
  }

  /** Removes the rows of what no longer lives, a thousand in each transaction. */
  public void sweep() {
    int swept = SWEPT_AT_ONCE;
    while (swept == SWEPT_AT_ONCE && !Thread.currentThread().isInterrupted()) {
      swept =
          transactions.inNew(
              TxOptions.defaults().withAllTenants(), tx -> remove.sweep(tx, SWEPT_AT_ONCE));
    }
  }

  /** Ends the heartbeat; what is held ends with the instance. */
  public void close() {
    holding.close();
  }
}
