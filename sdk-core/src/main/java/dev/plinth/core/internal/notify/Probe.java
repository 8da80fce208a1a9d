package dev.plinth.core.internal.notify;

import dev.plinth.core.internal.Threads;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.ConnectionSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Proves once that a notification sent over an ordinary connection arrives at the one that listens.
 * It does not where the pool has no second connection to spare, and behind a pooler that hands each
 * transaction another session.
 */
final class Probe {
  /** How it went. */
  enum Result {
    ARRIVED,
    /** Nothing was sent: no second connection was to be had. */
    NO_CONNECTION,
    /** Sent, but never seen. */
    LOST
  }

  private static final String TOPIC = "plinth.probe";
  private static final Duration SENT_WITHIN = Duration.ofSeconds(3);
  private static final Duration SEEN_WITHIN = Duration.ofSeconds(5);

  private final ConnectionSource source;
  private final Channel channel;
  private final Threads threads;

  Probe(ConnectionSource source, Channel channel, Threads threads) {
    this.source = source;
    this.channel = channel;
    this.threads = threads;
  }

  Result run(ListenConnection listening) throws SQLException, InterruptedException {
    String nonce = UUID.randomUUID().toString();
    if (!send(nonce)) {
      return Result.NO_CONNECTION;
    }
    long end = System.nanoTime() + SEEN_WITHIN.toNanos();
    while (System.nanoTime() - end < 0) {
      for (Channel.Message message : listening.await(Duration.ofMillis(100))) {
        if (message.topic().equals(TOPIC) && message.payload().equals(nonce)) {
          return Result.ARRIVED;
        }
      }
    }
    return Result.LOST;
  }

  private boolean send(String nonce) throws InterruptedException {
    CompletableFuture<Boolean> sent = new CompletableFuture<>();
    try {
      threads.execute(() -> send(nonce, sent));
      return sent.get(SENT_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException | TimeoutException | ExecutionException e) {
      return false;
    }
  }

  /** On a thread of its own: a pool may let it wait for longer than the probe does. */
  private void send(String nonce, CompletableFuture<Boolean> sent) {
    try (Connection connection = source.open()) {
      boolean autoCommit = connection.getAutoCommit();
      connection.setAutoCommit(true);
      Sql.query(
          connection,
          "SELECT pg_catalog.pg_notify(?, ?)",
          row -> true,
          channel.name(),
          Channel.encode(TOPIC, nonce));
      connection.setAutoCommit(autoCommit);
      sent.complete(true);
    } catch (SQLException | RuntimeException e) {
      sent.completeExceptionally(e);
    }
  }
}
