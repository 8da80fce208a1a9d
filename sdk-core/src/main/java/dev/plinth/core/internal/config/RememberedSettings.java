package dev.plinth.core.internal.config;

import dev.plinth.core.config.Setting;
import dev.plinth.core.config.SettingValue;
import dev.plinth.core.internal.change.ChangeFeed;
import dev.plinth.core.internal.change.StampedCache;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.TxScope;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What settings are, from memory while the feed runs. Remembered is only what everybody may see;
 * unlike permissions, it stands while the database cannot be asked. Safe for use by many threads.
 */
final class RememberedSettings implements ChangeFeed.Listener {
  static final String TOPIC = "configuration";

  private static final int SETTINGS = 10_000;

  /** For one declaration; another one of the same name reads for itself. */
  private record Remembered(Setting<?> setting, Object value) {}

  private final TxScope scope;
  private final SettingRows rows;
  private final Parse parse;
  private final ChangeFeed feed;
  private final Transactions transactions;
  private final StampedCache<String, Remembered> cache = new StampedCache<>(SETTINGS);

  RememberedSettings(
      TxScope scope, SettingRows rows, Parse parse, ChangeFeed feed, Transactions transactions) {
    this.scope = scope;
    this.rows = rows;
    this.parse = parse;
    this.feed = feed;
    this.transactions = transactions;
  }

  /** From memory, or null. */
  @SuppressWarnings("unchecked")
  <T> @Nullable T peek(Setting<T> setting) {
    if (!feed.isRunning()) {
      return null;
    }
    @Nullable Remembered remembered = cache.get(setting.name());
    return remembered != null && remembered.setting() == setting ? (T) remembered.value() : null;
  }

  <T> SettingValue<T> load(Setting<T> setting) {
    long stamp = cache.stamp(setting.name());
    boolean alone = !transactions.isInTransaction();
    SettingRows.Row row = scope.returning(tx -> rows.read(tx, setting.name()));
    SettingValue<T> value = parse.value(setting, row);
    if (alone || row.isCommitted()) {
      cache.put(setting.name(), new Remembered(setting, value.value()), stamp);
    }
    return value;
  }

  @Override
  public void changed(Set<String> keys) {
    keys.forEach(cache::forget);
  }

  @Override
  public void everythingChanged() {
    cache.forgetEverything();
  }
}
