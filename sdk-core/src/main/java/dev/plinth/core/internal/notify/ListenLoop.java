package dev.plinth.core.internal.notify;

import dev.plinth.core.internal.Settings;
import dev.plinth.core.internal.Threads;
import dev.plinth.core.spi.Args;
import dev.plinth.core.tx.ConnectionSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one connection listening on one thread: connects, proves that it hears, fans out, connects
 * again. Where listening is impossible it gives the connection back and looks again much later.
 */
final class ListenLoop {
  private static final Logger log = LoggerFactory.getLogger(ListenLoop.class);
  private static final Duration CLOSES_WITHIN = Duration.ofMillis(200);
  private static final Duration KEEPALIVE = Duration.ofSeconds(20);
  private static final Duration FIRST_BACKOFF = Duration.ofMillis(100);
  private static final Duration LAST_BACKOFF = Duration.ofSeconds(30);
  private static final Duration WHEN_IMPOSSIBLE = Duration.ofMinutes(5);

  private final Settings settings;
  private final Channel channel;
  private final Listeners listeners;
  private final Threads threads;
  private final Probe probe;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean connected;
  private volatile @Nullable Instant since;
  private boolean connectedBefore;
  private boolean degraded;

  ListenLoop(Settings settings, Channel channel, Listeners listeners, Threads threads) {
    this.settings = settings;
    this.channel = channel;
    this.listeners = listeners;
    this.threads = threads;
    this.probe = new Probe(source(settings), channel, threads);
  }

  void start() {
    since = settings.clock().instant();
    threads.execute(this::run);
  }

  boolean isConnected() {
    return connected;
  }

  /** Since when there has been a connection, or none; null before the start. */
  @Nullable Instant since() {
    return since;
  }

  private void connected(boolean now) {
    if (connected != now) {
      since = settings.clock().instant();
    }
    connected = now;
  }

  void close() {
    closing.countDown();
    try {
      if (!ended.await(5, TimeUnit.SECONDS)) {
        log.warn("The LISTEN connection does not end; its thread goes on until the server answers");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      Duration backoff = FIRST_BACKOFF;
      while (!isClosing(Duration.ZERO)) {
        boolean heard = false;
        try (ListenConnection listening = ListenConnection.on(open(), channel)) {
          if (!hears(listening)) {
            backoff = WHEN_IMPOSSIBLE;
          } else {
            heard = true;
            listen(listening);
          }
        } catch (SQLException | RuntimeException e) {
          lost(e);
        } finally {
          connected(false);
        }
        backoff = heard ? FIRST_BACKOFF : backoff;
        if (isClosing(jittered(backoff))) {
          return;
        }
        backoff = shorter(backoff.multipliedBy(2), LAST_BACKOFF);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      ended.countDown();
    }
  }

  private boolean hears(ListenConnection listening) throws SQLException, InterruptedException {
    Probe.Result result = probe.run(listening);
    boolean dedicated = settings.notificationDataSource() != null;
    if (result == Probe.Result.ARRIVED || (result == Probe.Result.NO_CONNECTION && dedicated)) {
      return true;
    }
    if (!degraded && !isClosing(Duration.ZERO)) {
      degraded = true;
      log.warn(
          result == Probe.Result.LOST
              ? "Notifications do not arrive, as behind a pooler in transaction mode: every node"
                  + " polls. Give a notificationDataSource that leads to the server directly"
              : "The pool has no connection to spare for LISTEN: this node polls. Enlarge the pool or"
                  + " give a notificationDataSource");
    }
    return false;
  }

  private void listen(ListenConnection listening) throws SQLException, InterruptedException {
    degraded = false;
    if (connectedBefore) {
      log.info("Listening for notifications again");
    }
    connectedBefore = true;
    // The first time as well: what was sent before, or arrived during the probe, was not heard.
    listeners.tellEveryone();
    connected(true);
    long validated = System.nanoTime();
    while (!isClosing(Duration.ZERO)) {
      listening.await(CLOSES_WITHIN).forEach(listeners::tell);
      if (System.nanoTime() - validated > KEEPALIVE.toNanos()) {
        if (!listening.stillListens()) {
          throw new SQLException("The session was exchanged by a pooler", "08003");
        }
        validated = System.nanoTime();
      }
    }
  }

  private void lost(Exception e) {
    if (isClosingNow()) {
      return;
    }
    if (connected || !degraded) {
      degraded = true;
      log.warn("The LISTEN connection is lost; this node polls until there is one again", e);
    } else {
      log.debug("There is still no LISTEN connection", e);
    }
  }

  private Connection open() throws SQLException {
    return settings.notificationDataSource() != null
        ? Args.notNull(settings.notificationDataSource(), "notificationDataSource").getConnection()
        : source(settings).open();
  }

  private boolean isClosingNow() {
    return closing.getCount() == 0;
  }

  private boolean isClosing(Duration within) throws InterruptedException {
    return closing.await(within.toNanos(), TimeUnit.NANOSECONDS);
  }

  private static ConnectionSource source(Settings settings) {
    return Args.notNull(settings.source(), "source");
  }

  private static Duration jittered(Duration longest) {
    long nanos = longest.toNanos();
    return Duration.ofNanos(nanos / 2 + ThreadLocalRandom.current().nextLong(nanos / 2 + 1));
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
