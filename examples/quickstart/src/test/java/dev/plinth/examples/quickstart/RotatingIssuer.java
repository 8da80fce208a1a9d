package dev.plinth.examples.quickstart;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.plinth.oauth.Provider;
import dev.plinth.oauth.TokenSet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** An authorization server whose refresh tokens can be used once. */
final class RotatingIssuer implements AutoCloseable {
  private final HttpServer server;
  private final Set<String> valid = ConcurrentHashMap.newKeySet();
  private final AtomicInteger count = new AtomicInteger();

  RotatingIssuer() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/token", this::token);
    server.start();
  }

  Provider provider() {
    return Provider.builder("acme")
        .tokenEndpoint("http://127.0.0.1:" + server.getAddress().getPort() + "/token")
        .clientId("shop")
        .clientSecret("of the shop")
        .httpTimeout(Duration.ofSeconds(60))
        .build();
  }

  /** What a user who consents gets. */
  TokenSet consent() {
    String refresh = "refresh " + count.incrementAndGet();
    valid.add(refresh);
    return TokenSet.of("access " + count.get())
        .refreshToken(refresh)
        .expiresIn(Duration.ofHours(1));
  }

  private void token(HttpExchange exchange) throws IOException {
    String form = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String sent = "";
    for (String field : form.split("&", -1)) {
      if (field.startsWith("refresh_token=")) {
        sent = URLDecoder.decode(field.substring(14), StandardCharsets.UTF_8);
      }
    }
    if (valid.remove(sent)) {
      int number = count.incrementAndGet();
      valid.add("refresh " + number);
      answer(
          exchange,
          200,
          "{\"access_token\":\"access %d\",\"refresh_token\":\"refresh %d\",\"token_type\":\"Bearer\",\"expires_in\":3600}"
              .formatted(number, number));
    } else {
      answer(exchange, 400, "{\"error\":\"invalid_grant\"}");
    }
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
