package dev.plinth.examples.quickstart;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A small provider on loopback: an issuer of access tokens (RFC 6749, section 6, with strict
 * rotation of refresh tokens) and a resource that tells the media type of a file's extension to
 * whoever brings a token.
 */
final class Catalogue implements AutoCloseable {
  private static final String BEARER = "Bearer ";
  static final String CLIENT_ID = "quickstart";
  static final String CLIENT_SECRET = "quickstart-secret-on-loopback";

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Map<String, String> MEDIA_TYPES =
      Map.ofEntries(
          Map.entry("java", "text/x-java-source"),
          Map.entry("md", "text/markdown"),
          Map.entry("xml", "application/xml"),
          Map.entry("sql", "application/sql"),
          Map.entry("json", "application/json"),
          Map.entry("yml", "application/yaml"),
          Map.entry("yaml", "application/yaml"),
          Map.entry("html", "text/html"),
          Map.entry("css", "text/css"),
          Map.entry("js", "text/javascript"),
          Map.entry("txt", "text/plain"),
          Map.entry("properties", "text/plain"),
          Map.entry("sh", "text/x-shellscript"),
          Map.entry("png", "image/png"),
          Map.entry("jpg", "image/jpeg"),
          Map.entry("gif", "image/gif"),
          Map.entry("svg", "image/svg+xml"),
          Map.entry("pdf", "application/pdf"),
          Map.entry("jar", "application/java-archive"),
          Map.entry("class", "application/java-vm"),
          Map.entry("zip", "application/zip"),
          Map.entry("gz", "application/gzip"));

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool(Catalogue::daemon);
  private final AtomicInteger refreshes = new AtomicInteger();
  private final Map<String, String> userByRefreshToken = new ConcurrentHashMap<>();
  private final Set<String> accessTokens = ConcurrentHashMap.newKeySet();

  private Catalogue(HttpServer server) {
    this.server = server;
  }

  static Catalogue start() {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      Catalogue catalogue = new Catalogue(server);
      server.createContext("/token", catalogue::token);
      server.createContext("/media-types/", catalogue::mediaType);
      server.setExecutor(catalogue.threads);
      server.start();
      return catalogue;
    } catch (IOException e) {
      throw new UserError(
          "No port on loopback is free for the example's provider: " + e.getMessage());
    }
  }

  URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
  }

  /** What a user's consent would have given: a refresh token that is good for one use. */
  String consent(String user) {
    String token = secret();
    userByRefreshToken.put(token, user);
    return token;
  }

  int refreshes() {
    return refreshes.get();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void token(HttpExchange exchange) throws IOException {
    String form = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String user =
        form.contains("grant_type=refresh_token")
            ? userByRefreshToken.remove(parameter(form, "refresh_token"))
            : null;
    if (user == null) {
      answer(exchange, 400, "application/json", "{\"error\":\"invalid_grant\"}");
      return;
    }
    refreshes.incrementAndGet();
    String accessToken = secret();
    accessTokens.add(accessToken);
    answer(
        exchange,
        200,
        "application/json",
        "{\"access_token\":\"%s\",\"refresh_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":3600}"
            .formatted(accessToken, consent(user)));
  }

  private static String parameter(String form, String name) {
    for (String pair : form.split("&")) {
      if (pair.startsWith(name + "=")) {
        return URLDecoder.decode(pair.substring(name.length() + 1), StandardCharsets.UTF_8);
      }
    }
    return "";
  }

  private void mediaType(HttpExchange exchange) throws IOException {
    String authorization = exchange.getRequestHeaders().getFirst("Authorization");
    if (authorization == null
        || !authorization.startsWith(BEARER)
        || !accessTokens.contains(authorization.substring(BEARER.length()))) {
      answer(exchange, 401, "text/plain", "a token is needed");
      return;
    }
    String path = exchange.getRequestURI().getPath();
    String extension = path.substring(path.lastIndexOf('/') + 1);
    answer(
        exchange,
        200,
        "text/plain",
        MEDIA_TYPES.getOrDefault(extension, "application/octet-stream"));
  }

  private static void answer(HttpExchange exchange, int status, String type, String body)
      throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, bytes.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(bytes);
    }
  }

  private static String secret() {
    byte[] bytes = new byte[24];
    RANDOM.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "catalogue");
    thread.setDaemon(true);
    return thread;
  }
}
