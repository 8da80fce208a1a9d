package dev.plinth.core.internal.config;

import dev.plinth.core.config.Change;
import dev.plinth.core.config.Configuration;
import dev.plinth.core.config.Setting;
import dev.plinth.core.config.SettingChange;
import dev.plinth.core.config.SettingChanged;
import dev.plinth.core.config.SettingValue;
import dev.plinth.core.config.UnreadableSetting;
import dev.plinth.core.event.Events;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.internal.Settings;
import dev.plinth.core.internal.Threads;
import dev.plinth.core.internal.change.ChangeFeed;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Checks arguments, chooses the transaction, and tells caches and subscribers what was done. */
public final class StoredConfiguration implements Configuration {
  private final TxScope scope;
  private final Events events;
  private final ChangeFeed feed;
  private final Threads threads;
  private final SettingRows rows;
  private final Parse parse;
  private final Declared declared;
  private final @Nullable RememberedSettings remembered;

  /** Works in the given scope, and remembers. */
  public StoredConfiguration(
      TxScope scope,
      Settings settings,
      UuidV7 ids,
      Events events,
      ChangeFeed feed,
      Transactions transactions,
      Threads threads) {
    this.scope = scope;
    this.events = events;
    this.feed = feed;
    this.threads = threads;
    this.rows = new SettingRows(settings.schema(), ids);
    this.parse = new Parse(settings.json());
    this.declared = new Declared();
    this.remembered = new RememberedSettings(scope, rows, parse, feed, transactions);
    feed.listen(RememberedSettings.TOPIC, remembered);
  }

  /** Remembers nothing, since the transaction may see what nobody else does. */
  private StoredConfiguration(TxScope scope, StoredConfiguration other) {
    this.scope = scope;
    this.events = other.events;
    this.feed = other.feed;
    this.threads = other.threads;
    this.rows = other.rows;
    this.parse = other.parse;
    this.declared = other.declared;
    this.remembered = null;
  }

  @Override
  public Configuration in(Tx tx) {
    return new StoredConfiguration(TxScope.of(tx), this);
  }

  @Override
  public <T> T get(Setting<T> setting) {
    if (remembered != null) {
      @Nullable T known = remembered.peek(Args.notNull(setting, "setting"));
      return known != null ? known : remembered.load(declared.require(setting)).value();
    }
    return read(setting).value();
  }

  @Override
  public <T> SettingValue<T> read(Setting<T> setting) {
    declared.require(setting);
    return scope.returning(tx -> parse.value(setting, rows.read(tx, setting.name())));
  }

  @Override
  public <T> long set(Setting<T> setting, T value, Change change) {
    declared.require(setting);
    Args.notNull(change, "change");
    return write(setting, parse.json(setting, value), null, change);
  }

  @Override
  public <T> long set(Setting<T> setting, T value, long expectedVersion, Change change) {
    declared.require(setting);
    Args.notNull(change, "change");
    return write(setting, parse.json(setting, value), expected(expectedVersion), change);
  }

  @Override
  public long reset(Setting<?> setting, Change change) {
    declared.require(setting);
    return write(setting, null, null, Args.notNull(change, "change"));
  }

  @Override
  public long reset(Setting<?> setting, long expectedVersion, Change change) {
    declared.require(setting);
    return write(setting, null, expected(expectedVersion), Args.notNull(change, "change"));
  }

  private static Long expected(long version) {
    return Args.range(version, 0, Long.MAX_VALUE, "expectedVersion");
  }

  private long write(
      Setting<?> setting, @Nullable Json value, @Nullable Long expected, Change change) {
    return scope.returning(
        tx -> {
          long version = rows.write(Writable.require(tx), setting.name(), value, expected, change);
          feed.announce(tx, RememberedSettings.TOPIC, setting.name());
          events.publish(tx, new SettingChanged(setting.name(), version, change.by()));
          return version;
        });
  }

  @Override
  public List<SettingChange> history(Setting<?> setting, @Nullable Long before, int limit) {
    declared.require(setting);
    Args.range(limit, 1, 1000, "limit");
    return scope.returning(tx -> rows.history(tx, setting.name(), before, limit));
  }

  @Override
  public List<UnreadableSetting> unreadable() {
    return scope.returning(
        tx ->
            declared.all().stream()
                .map(setting -> unreadable(tx, setting))
                .filter(Objects::nonNull)
                .sorted(Comparator.comparing(UnreadableSetting::name))
                .toList());
  }

  private @Nullable UnreadableSetting unreadable(Tx tx, Setting<?> setting) {
    SettingValue<?> value = parse.value(setting, rows.read(tx, setting.name()));
    @Nullable String problem = value.problem();
    return problem == null ? null : new UnreadableSetting(setting.name(), value.version(), problem);
  }

  @Override
  public <T> Subscription onChange(Setting<T> setting, Consumer<T> listener) {
    declared.require(setting);
    Args.notNull(listener, "listener");
    Watch<T> watch = new Watch<>(setting, () -> read(setting), listener, threads, feed::isRunning);
    Subscription changes = feed.listen(RememberedSettings.TOPIC, new Watching(watch));
    // What was committed between the first look and the subscription.
    watch.lookSoon();
    return () -> {
      changes.close();
      watch.close();
    };
  }
}
