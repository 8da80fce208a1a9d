package dev.plinth.core.internal.notify;

import dev.plinth.core.internal.Settings;
import dev.plinth.core.internal.Threads;
import dev.plinth.core.notify.NotificationStatus;
import dev.plinth.core.notify.NotificationStatus.State;
import dev.plinth.core.spi.Args;
import dev.plinth.core.tx.ConnectionSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
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

  /** A probe may also be late because the machine is overloaded, so the first pauses are short. */
  private static final Duration FIRST_WHEN_IMPOSSIBLE = Duration.ofSeconds(10);

  private static final Duration WHEN_IMPOSSIBLE = Duration.ofMinutes(5);

  private final Settings settings;
  private final Channel channel;
  private final Listeners listeners;
  private final Threads threads;
  private final Probe probe;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Standing standing;
  private volatile boolean started;
  private boolean connectedBefore;

  ListenLoop(Settings settings, Channel channel, Listeners listeners, Threads threads) {
    this.settings = settings;
    this.channel = channel;
    this.listeners = listeners;
    this.threads = threads;
    this.probe = new Probe(source(settings), channel, threads);
    this.standing =
        new Standing(
            settings.clock(), settings.notifications() ? State.STOPPED : State.SWITCHED_OFF);
  }

  void start() {
    threads.execute(this::run);
    started = true;
  }

  boolean isConnected() {
    return standing.is(State.LISTENING);
  }

  NotificationStatus status() {
    return standing.status();
  }

  void close() {
    closing.countDown();
    try {
      if (started && !ended.await(5, TimeUnit.SECONDS)) {
        log.warn("The LISTEN connection does not end; its thread goes on until the server answers");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      standing.enter(State.CONNECTING, null);
      Duration backoff = FIRST_BACKOFF;
      Duration impossible = FIRST_WHEN_IMPOSSIBLE;
      while (!isClosing(Duration.ZERO)) {
        boolean heard = false;
        boolean unheard = false;
        try (ListenConnection listening = ListenConnection.on(open(), channel)) {
          heard = hears(listening);
          unheard = !heard;
          if (heard) {
            backoff = FIRST_BACKOFF;
            impossible = FIRST_WHEN_IMPOSSIBLE;
            listen(listening);
          }
        } catch (InterruptedException e) {
          throw e;
        } catch (Throwable e) {
          lost(e);
        }
        if (isClosing(jittered(unheard ? impossible : backoff))) {
          return;
        }
        backoff = heard ? backoff : shorter(backoff.multipliedBy(2), LAST_BACKOFF);
        impossible = unheard ? shorter(impossible.multipliedBy(2), WHEN_IMPOSSIBLE) : impossible;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      standing.enter(State.STOPPED, null);
      ended.countDown();
    }
  }

  private boolean hears(ListenConnection listening) throws SQLException, InterruptedException {
    Probe.Result result = probe.run(listening);
    boolean dedicated = settings.notificationDataSource() != null;
    if (result == Probe.Result.ARRIVED || (result == Probe.Result.NO_CONNECTION && dedicated)) {
      return true;
    }
    boolean known = standing.is(State.UNHEARD) || standing.is(State.NO_CONNECTION);
    String problem =
        result == Probe.Result.LOST
            ? "Notifications do not arrive, as behind a pooler in transaction mode: every node"
                + " polls. Give a notificationDataSource that leads to the server directly"
            : "The pool has no connection to spare for LISTEN: this node polls. Enlarge the pool or"
                + " give a notificationDataSource";
    if (!known && !isClosing(Duration.ZERO)) {
      log.warn(problem);
    }
    standing.enter(result == Probe.Result.LOST ? State.UNHEARD : State.NO_CONNECTION, problem);
    return false;
  }

  private void listen(ListenConnection listening) throws SQLException, InterruptedException {
    if (connectedBefore) {
      log.info("Listening for notifications again");
    }
    connectedBefore = true;
    // The first time as well: what was sent before, or arrived during the probe, was not heard.
    listeners.tellEveryone();
    standing.enter(State.LISTENING, null);
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

  private void lost(Throwable e) {
    if (isClosingNow()) {
      return;
    }
    if (standing.is(State.LISTENING) || standing.is(State.CONNECTING)) {
      log.warn("The LISTEN connection is lost; this node polls until there is one again", e);
    } else {
      log.debug("There is still no LISTEN connection", e);
    }
    standing.enter(State.LOST, String.valueOf(e.getMessage()));
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
