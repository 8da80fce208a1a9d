package dev.plinth.core.internal.config;

import dev.plinth.core.config.Setting;
import dev.plinth.core.config.SettingValue;
import dev.plinth.core.internal.SerialTask;
import dev.plinth.core.internal.Threads;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One listener to one setting: reads again when something may have changed, and tells what did. */
final class Watch<T> {
  private static final Logger log = LoggerFactory.getLogger(Watch.class);
  private static final long AGAIN_AFTER_MILLIS = 500;

  private final Setting<T> setting;
  private final Supplier<SettingValue<T>> read;
  private final Consumer<T> listener;
  private final SerialTask task;
  private final BooleanSupplier running;
  private volatile SettingValue<T> told;
  private volatile boolean closed;

  /** Reads what is no news. */
  Watch(
      Setting<T> setting,
      Supplier<SettingValue<T>> read,
      Consumer<T> listener,
      Threads threads,
      BooleanSupplier running) {
    this.setting = setting;
    this.read = read;
    this.listener = listener;
    this.running = running;
    this.told = read.get();
    this.task = new SerialTask(threads, this::look);
  }

  boolean watches(String name) {
    return setting.name().equals(name);
  }

  /** Something may have changed. While the feed does not run, what starts it will say so again. */
  void lookSoon() {
    if (!closed && running.getAsBoolean()) {
      task.request();
    }
  }

  void close() {
    closed = true;
  }

  private void look() {
    try {
      SettingValue<T> current = read.get();
      boolean changed =
          current.version() != told.version() || !current.value().equals(told.value());
      told = current;
      if (changed && !closed) {
        tell(current.value());
      }
    } catch (Throwable e) {
      log.debug("The setting {} cannot be read; again in a moment", setting, e);
      lookAgain();
    }
  }

  private void tell(T value) {
    try {
      listener.accept(value);
    } catch (Throwable e) {
      log.warn("A listener to the setting {} failed", setting, e);
    }
  }

  private void lookAgain() {
    try {
      TimeUnit.MILLISECONDS.sleep(AGAIN_AFTER_MILLIS);
      lookSoon();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
