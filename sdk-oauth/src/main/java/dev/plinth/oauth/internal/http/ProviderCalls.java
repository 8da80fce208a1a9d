package dev.plinth.oauth.internal.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.plinth.core.json.JsonCodec;
import dev.plinth.oauth.ClientAuthentication;
import dev.plinth.oauth.ErrorClass;
import dev.plinth.oauth.internal.http.Answer.Failed;
import dev.plinth.oauth.internal.provider.Client;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/**
 * Calls providers. A call is one POST that follows no redirect, reads at most 256 KiB, and ends
 * within the client's timeout, answer included. Its future never fails: whatever goes wrong is an
 * {@link Failed}. Safe for use by many threads.
 */
public final class ProviderCalls {
  private static final int MAX_BODY = 256 * 1024;
  private static final Duration MAX_RETRY_AFTER = Duration.ofHours(1);

  private final AnswerReader reader;
  private final InstantSource clock;

  /** Made at the first call, since it starts threads. */
  private @Nullable HttpClient http;

  /** Reads answers with the codec; the clock is for {@code Retry-After} dates. */
  public ProviderCalls(JsonCodec json, InstantSource clock) {
    this.reader = new AnswerReader(json);
    this.clock = clock;
  }

  /** Asks for new tokens (RFC 6749, section 6). */
  public CompletableFuture<Answer> refresh(Client client, String refreshToken, Duration timeout) {
    Map<String, String> form = new LinkedHashMap<>();
    form.put("grant_type", "refresh_token");
    form.put("refresh_token", refreshToken);
    return post(client, client.tokenEndpoint(), form, timeout)
        .thenApply(reader::read)
        .exceptionally(ProviderCalls::failure);
  }

  /** Asks the provider to forget a token (RFC 7009, section 2). */
  public CompletableFuture<Answer> revoke(
      Client client, URI endpoint, String token, String typeHint) {
    Map<String, String> form = new LinkedHashMap<>();
    form.put("token", token);
    form.put("token_type_hint", typeHint);
    return post(client, endpoint, form, client.httpTimeout())
        .thenApply(reply -> reply.status() == 200 ? new Answer.Done() : reader.read(reply))
        .exceptionally(ProviderCalls::failure);
  }

  private CompletableFuture<Reply> post(
      Client client, URI endpoint, Map<String, String> form, Duration timeout) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(endpoint)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Accept", "application/json");
    String secret = client.clientSecret();
    if (client.clientAuthentication() == ClientAuthentication.CLIENT_SECRET_BASIC
        && secret != null) {
      String pair = Form.encode(client.clientId()) + ":" + Form.encode(secret);
      request.header(
          "Authorization", "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(UTF_8)));
    } else {
      form.put("client_id", client.clientId());
      if (client.clientAuthentication() == ClientAuthentication.CLIENT_SECRET_POST
          && secret != null) {
        form.put("client_secret", secret);
      }
    }
    request.POST(HttpRequest.BodyPublishers.ofString(Form.encode(form)));
    CompletableFuture<HttpResponse<byte[]>> exchange =
        http().sendAsync(request.build(), info -> new BoundedBody(MAX_BODY));
    deadline(exchange, timeout);
    return exchange.thenApply(
        response ->
            new Reply(
                response.statusCode(),
                response.body(),
                response
                    .headers()
                    .firstValue("Retry-After")
                    .map(value -> retryAfter(value, clock.instant()))
                    .orElse(null)));
  }

  /**
   * Ends the exchange at its deadline, body included. In two steps, since a process that was
   * stopped for a while finds both the answer and the end of its time when it goes on: the answer
   * comes first then.
   */
  private static void deadline(CompletableFuture<?> exchange, Duration timeout) {
    long last = timeout.toMillis() / 4;
    CompletableFuture.delayedExecutor(timeout.toMillis() - last, TimeUnit.MILLISECONDS)
        .execute(
            () -> {
              if (!exchange.isDone()) {
                CompletableFuture.delayedExecutor(last, TimeUnit.MILLISECONDS)
                    .execute(() -> exchange.cancel(true));
              }
            });
  }

  /** Seconds or a date (RFC 9110, section 10.2.3), at most an hour; null when it is neither. */
  static @Nullable Duration retryAfter(String value, Instant now) {
    Duration asked;
    if (value.strip().matches("\\d{1,9}")) {
      asked = Duration.ofSeconds(Long.parseLong(value.strip()));
    } else {
      try {
        Instant until =
            ZonedDateTime.parse(value.strip(), DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
        asked = Duration.between(now, until);
      } catch (DateTimeParseException e) {
        return null;
      }
    }
    if (asked.isNegative()) {
      return Duration.ZERO;
    }
    return asked.compareTo(MAX_RETRY_AFTER) > 0 ? MAX_RETRY_AFTER : asked;
  }

  /**
   * Whether the request can have reached the provider decides what the failure means. The exception
   * itself is dropped: the JDK quotes what the other side sent in some of them.
   */
  private static Failed failure(Throwable thrown) {
    Throwable failure = thrown;
    while (failure instanceof CompletionException && failure.getCause() != null) {
      failure = failure.getCause();
    }
    if (failure instanceof ConnectException || failure instanceof HttpConnectTimeoutException) {
      return Failed.without(ErrorClass.TRANSIENT, "not_reached");
    }
    if (failure instanceof SSLHandshakeException) {
      return Failed.without(ErrorClass.CONFIGURATION, Failed.TLS_REFUSED);
    }
    if (failure instanceof BoundedBody.TooLargeException) {
      return Failed.without(ErrorClass.UNKNOWN, "answer_too_large");
    }
    return Failed.without(ErrorClass.UNKNOWN, "no_answer");
  }

  private synchronized HttpClient http() {
    if (http == null) {
      http =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .followRedirects(HttpClient.Redirect.NEVER)
              .connectTimeout(Duration.ofSeconds(10))
              .build();
    }
    return http;
  }
}
