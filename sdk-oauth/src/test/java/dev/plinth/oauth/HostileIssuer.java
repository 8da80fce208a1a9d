package dev.plinth.oauth;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An authorization server that rotates refresh tokens strictly: one that is used twice kills its
 * family. What else it does to its clients is scripted, call by call. Every token it makes contains
 * {@link #MARK}, so that one can look for them where they must not be.
 */
final class HostileIssuer implements AutoCloseable {
  static final String MARK = "s3cr3t";
  static final String CLIENT = "the client";
  static final String CLIENT_SECRET = "client " + MARK + " with: reserved & characters";

  /** What a reused refresh token does. */
  enum Reuse {
    KILLS_FAMILY,
    IS_REFUSED,
    IS_FORGIVEN
  }

  /** One scripted call; returns true when it has answered. */
  @FunctionalInterface
  interface Trick {
    boolean play(HttpExchange exchange, Map<String, String> form) throws IOException;
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Queue<Trick> tricks = new ConcurrentLinkedQueue<>();
  private final Queue<Trick> revocationTricks = new ConcurrentLinkedQueue<>();
  private final Map<String, String> familyOf = new HashMap<>();
  private final Map<String, String> currentOf = new HashMap<>();
  private final Set<String> dead = new HashSet<>();
  private final AtomicInteger numbers = new AtomicInteger();
  private final AtomicInteger posts = new AtomicInteger();
  private final AtomicInteger kills = new AtomicInteger();
  private final List<String> revoked = new CopyOnWriteArrayList<>();
  private volatile Reuse reuse = Reuse.KILLS_FAMILY;
  private volatile String shape =
      "{\"access_token\":\"%s\",\"refresh_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":3600}";

  HostileIssuer() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/token", this::token);
    server.createContext("/revoke", this::revoke);
    server.start();
  }

  URI tokenEndpoint() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/token");
  }

  URI revocationEndpoint() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/revoke");
  }

  Provider.Builder provider() {
    return Provider.builder("acme")
        .tokenEndpoint(tokenEndpoint())
        .clientId(CLIENT)
        .clientSecret(CLIENT_SECRET)
        .httpTimeout(Duration.ofSeconds(8));
  }

  /** The tokens of a user who has just consented; the access token has ended already. */
  synchronized TokenSet expired() {
    String refresh = next("refresh");
    String family = "family " + refresh;
    familyOf.put(refresh, family);
    currentOf.put(family, refresh);
    return TokenSet.of(next("access")).refreshToken(refresh).expiresIn(Duration.ZERO);
  }

  /** Plays the trick on the next call that has none yet, instead of answering. */
  void next(Trick trick) {
    tricks.add(trick);
  }

  /** Answers the next call with this. */
  void nextAnswer(int status, String body, String... headers) {
    next(
        (exchange, form) -> {
          for (int i = 0; i < headers.length; i += 2) {
            exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
          }
          answer(exchange, status, body);
          return true;
        });
  }

  /** Answers the next revocation with this, and revokes nothing. */
  void nextRevocationAnswer(int status, String body) {
    revocationTricks.add(
        (exchange, form) -> {
          answer(exchange, status, body);
          return true;
        });
  }

  /** How many of the scripted answers to revocations have not been used. */
  int revocationAnswersLeft() {
    return revocationTricks.size();
  }

  /** Rotates at the next call, and drops the connection instead of answering. */
  void loseNextAnswer() {
    next(
        (exchange, form) -> {
          rotate(form.get("refresh_token"));
          exchange.close();
          return true;
        });
  }

  /** Rotates at the next call, and answers once the gate opens. */
  void holdNextAnswer(Gate gate) {
    next(
        (exchange, form) -> {
          String[] tokens = rotate(form.get("refresh_token"));
          gate.arrived.countDown();
          gate.await(gate.open);
          answer(exchange, 200, tokens == null ? "{}" : shape.formatted(tokens[0], tokens[1]));
          return true;
        });
  }

  void reuse(Reuse reuse) {
    this.reuse = reuse;
  }

  /** The answers' JSON, with %s for the access and the refresh token. */
  void shape(String shape) {
    this.shape = shape;
  }

  /** How often new tokens were asked for. */
  int posts() {
    return posts.get();
  }

  int familiesKilled() {
    return kills.get();
  }

  List<String> revoked() {
    return revoked;
  }

  private void token(HttpExchange exchange) throws IOException {
    Map<String, String> form = form(exchange);
    posts.incrementAndGet();
    Trick trick = tricks.poll();
    if (trick != null && trick.play(exchange, form)) {
      return;
    }
    if (!isClient(exchange) || !"refresh_token".equals(form.get("grant_type"))) {
      answer(exchange, 401, "{\"error\":\"invalid_client\"}");
      return;
    }
    String[] tokens = rotate(form.get("refresh_token"));
    if (tokens == null) {
      answer(exchange, 400, "{\"error\":\"invalid_grant\"}");
    } else {
      answer(exchange, 200, shape.formatted(tokens[0], tokens[1]));
    }
  }

  private void revoke(HttpExchange exchange) throws IOException {
    Map<String, String> form = form(exchange);
    Trick trick = revocationTricks.poll();
    if (trick != null && trick.play(exchange, form)) {
      return;
    }
    revoked.add(form.get("token"));
    answer(exchange, 200, "");
  }

  private synchronized String[] rotate(String presented) {
    String family = familyOf.get(presented);
    if (family == null || dead.contains(family)) {
      return null;
    }
    if (!presented.equals(currentOf.get(family)) && reuse != Reuse.IS_FORGIVEN) {
      if (reuse == Reuse.KILLS_FAMILY && dead.add(family)) {
        kills.incrementAndGet();
      }
      return null;
    }
    String refresh = next("refresh");
    familyOf.put(refresh, family);
    if (shape.contains("refresh_token")) {
      currentOf.put(family, refresh);
    }
    return new String[] {next("access"), refresh};
  }

  private String next(String kind) {
    return kind + "-" + MARK + "-" + numbers.incrementAndGet();
  }

  private static boolean isClient(HttpExchange exchange) {
    String header = exchange.getRequestHeaders().getFirst("Authorization");
    if (header == null || !header.startsWith("Basic ")) {
      return false;
    }
    String[] pair =
        new String(Base64.getDecoder().decode(header.substring(6)), UTF_8).split(":", 2);
    return CLIENT.equals(URLDecoder.decode(pair[0], UTF_8))
        && CLIENT_SECRET.equals(URLDecoder.decode(pair[1], UTF_8));
  }

  private static Map<String, String> form(HttpExchange exchange) throws IOException {
    Map<String, String> form = new HashMap<>();
    for (String field : new String(exchange.getRequestBody().readAllBytes(), UTF_8).split("&")) {
      String[] pair = field.split("=", 2);
      form.put(URLDecoder.decode(pair[0], UTF_8), URLDecoder.decode(pair[1], UTF_8));
    }
    return form;
  }

  static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  /** A call that has arrived, and whether it may be answered. */
  static final class Gate {
    private final CountDownLatch arrived = new CountDownLatch(1);
    private final CountDownLatch open = new CountDownLatch(1);

    void awaitArrival() {
      await(arrived);
    }

    void open() {
      open.countDown();
    }

    private void await(CountDownLatch latch) {
      try {
        if (!latch.await(60, TimeUnit.SECONDS)) {
          throw new AssertionError("Nobody came within a minute");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
