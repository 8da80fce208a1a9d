package dev.plinth.test;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection through a {@link FaultyProxy}: two threads that pass on messages of PostgreSQL's
 * protocol, version 3, and look for what is to be lost among them.
 */
final class ProxiedConnection {
  private static final Logger LOG = LoggerFactory.getLogger(FaultyProxy.class);
  private static final int READY_FOR_QUERY = 'Z';
  private static final int TERMINATE = 'X';
  private static final int IDLE = 'I';

  private final FaultyProxy proxy;
  private final Socket client;
  private final Socket server;
  private final Map<String, String> statements = new HashMap<>();
  private volatile boolean losingTheAnswer;
  private volatile boolean isAnswered;
  private volatile boolean isInTransaction;

  ProxiedConnection(FaultyProxy proxy, Socket client, Socket server) {
    this.proxy = proxy;
    this.client = client;
    this.server = server;
  }

  void begin() {
    start(this::passRequests, "faulty-proxy-requests");
    start(this::passAnswers, "faulty-proxy-answers");
  }

  private interface Passing {
    void run() throws IOException;
  }

  private void start(Passing passing, String name) {
    Thread thread =
        new Thread(
            () -> {
              try {
                passing.run();
              } catch (IOException e) {
                LOG.debug("A proxied connection ended", e);
              } finally {
                // One side is gone: cutting the other is how that learns of it.
                cut();
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
  }

  private void passRequests() throws IOException {
    DataInputStream in = new DataInputStream(new BufferedInputStream(client.getInputStream()));
    DataOutputStream out = new DataOutputStream(new BufferedOutputStream(server.getOutputStream()));
    // The first message alone has no type.
    write(out, -1, body(in));
    out.flush();
    for (int type = in.read(); type >= 0; type = in.read()) {
      byte[] body = body(in);
      holdBack();
      String sql = executed(type, body);
      if (sql != null) {
        FaultyProxy.Loss loss = lossOf(sql);
        if (loss == FaultyProxy.Loss.BEFORE_IT_HAPPENED) {
          return;
        }
        losingTheAnswer |= loss == FaultyProxy.Loss.AFTER_IT_HAPPENED;
      }
      // All that comes before the server is ready again is one trip, in however many packets.
      if (isAnswered && type != TERMINATE) {
        isAnswered = false;
        proxy.countRoundTrip();
      }
      write(out, type, body);
      if (in.available() == 0) {
        out.flush();
      }
    }
  }

  private void passAnswers() throws IOException {
    DataInputStream in = new DataInputStream(new BufferedInputStream(server.getInputStream()));
    DataOutputStream out = new DataOutputStream(new BufferedOutputStream(client.getOutputStream()));
    for (int type = in.read(); type >= 0; type = in.read()) {
      byte[] body = body(in);
      if (losingTheAnswer) {
        if (type == READY_FOR_QUERY) {
          return;
        }
      } else {
        if (type == READY_FOR_QUERY) {
          isInTransaction = body[0] != IDLE;
          isAnswered = true;
        }
        write(out, type, body);
        if (in.available() == 0) {
          out.flush();
        }
      }
    }
  }

  private void holdBack() {
    Duration delay = proxy.delay();
    if (!delay.isZero()) {
      try {
        TimeUnit.NANOSECONDS.sleep(delay.toNanos());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The text of a simple query, or of the prepared statement that is bound; else null. */
  private @Nullable String executed(int type, byte[] body) {
    return switch (type) {
      case 'Q' -> text(body, 0);
      case 'P' -> {
        String statement = text(body, 0);
        statements.put(statement, text(body, statement.length() + 1));
        yield null;
      }
      case 'B' -> statements.get(text(body, text(body, 0).length() + 1));
      default -> null;
    };
  }

  private FaultyProxy.@Nullable Loss lossOf(String sql) {
    String statement = sql.strip();
    if (says(statement, "COMMIT")) {
      return proxy.takeCommitLoss();
    }
    if (says(statement, "BEGIN")) {
      isInTransaction = true;
    }
    return isInTransaction ? null : proxy.takeStatementLoss(statement);
  }

  private static boolean says(String statement, String word) {
    return statement.equalsIgnoreCase(word) || statement.equalsIgnoreCase(word + ";");
  }

  private static String text(byte[] body, int from) {
    int end = from;
    while (end < body.length && body[end] != 0) {
      end++;
    }
    // One character for one byte, so that lengths agree.
    return new String(body, from, end - from, StandardCharsets.ISO_8859_1);
  }

  private static byte[] body(DataInputStream in) throws IOException {
    byte[] body = new byte[in.readInt() - Integer.BYTES];
    in.readFully(body);
    return body;
  }

  private static void write(DataOutputStream out, int type, byte[] body) throws IOException {
    if (type >= 0) {
      out.writeByte(type);
    }
    out.writeInt(body.length + Integer.BYTES);
    out.write(body);
  }

  /** Breaks it on both sides. */
  void cut() {
    proxy.ended(this);
    closeQuietly(client);
    closeQuietly(server);
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      LOG.debug("A connection to be broken was broken already", e);
    }
  }
}
