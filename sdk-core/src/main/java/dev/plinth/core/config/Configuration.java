package dev.plinth.core.config;

import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The repository of {@code system_configuration}: settings of the installation, the same for every
 * node and tenant. Standalone calls run in the thread's current transaction or a short one of their
 * own; {@link #in(Tx)} gives the same in a transaction at hand. Safe for use by many threads.
 *
 * <p>A started Plinth answers {@link #get} from memory. It hears of changes by notification, and
 * asks for them about once a second besides, so every node sees a change within a second of its
 * commit, with or without LISTEN; the node that made it when the commit returns. While the database
 * cannot be reached, the last known values stand. A Plinth that is not started asks every time.
 *
 * <p>Every method refuses a setting that is marked {@linkplain Setting#sensitive() sensitive}, and
 * one whose name this Plinth knows with values of another class, by an {@link
 * IllegalArgumentException}.
 */
public interface Configuration {
  /** The same, working in the given transaction; nothing is answered from memory. */
  Configuration in(Tx tx);

  /**
   * What a setting is. Sends nothing when it is remembered; otherwise blocks for one query. In a
   * transaction, {@code in(tx).get(…)} sees what that transaction has set; this method may not.
   *
   * <p>A stored value that does not fit the type or fails the check counts as the default; that is
   * logged once, and told by {@link #read} and {@link #unreadable}.
   */
  <T> T get(Setting<T> setting);

  /** What a setting is, its version and who set it, as the database has it. */
  <T> SettingValue<T> read(Setting<T> setting);

  /**
   * Sets a setting, whatever it was, and announces {@link SettingChanged}. Waits for others who are
   * changing it.
   *
   * @return its new version
   * @throws IllegalArgumentException when the value fails the setting's check
   */
  <T> long set(Setting<T> setting, T value, Change change);

  /**
   * As {@link #set(Setting, Object, Change)}, unless somebody has changed it since it was read.
   *
   * @param expectedVersion as {@link #read} told it; 0 when it was never set
   * @throws StaleSettingException when it has another version; the transaction remains usable
   */
  <T> long set(Setting<T> setting, T value, long expectedVersion, Change change);

  /**
   * Gives a setting back its default, whatever that will be in later versions of the host, and
   * announces {@link SettingChanged}.
   *
   * @return its new version
   */
  long reset(Setting<?> setting, Change change);

  /**
   * As {@link #reset(Setting, Change)}, unless somebody has changed it since it was read.
   *
   * @throws StaleSettingException when it has another version; the transaction remains usable
   */
  long reset(Setting<?> setting, long expectedVersion, Change change);

  /**
   * A page of a setting's changes through this interface, the last first. The application's role
   * may add to the history and neither change nor delete it.
   *
   * @param before the version of the last change of the page before, or null for the first page
   * @param limit at most 1,000
   */
  List<SettingChange> history(Setting<?> setting, @Nullable Long before, int limit);

  /**
   * Those of the settings this Plinth has been asked for whose stored value it cannot use, in
   * ascending order of name.
   */
  List<UnreadableSetting> unreadable();

  /**
   * Calls the listener with a setting's new value after each change that this node sees, once the
   * Plinth is started; on a thread of its executor, one call at a time, with no connection held.
   * Changes in quick succession may be told as one, and the last of them always is. What the
   * listener throws is logged. Blocks for one query, since only what differs from now is a change.
   *
   * @return ends it
   */
  <T> Subscription onChange(Setting<T> setting, Consumer<T> listener);
}
