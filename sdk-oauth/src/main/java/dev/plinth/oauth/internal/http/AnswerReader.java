package dev.plinth.oauth.internal.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.plinth.core.json.Json;
import dev.plinth.core.json.JsonCodec;
import dev.plinth.oauth.ErrorClass;
import dev.plinth.oauth.internal.http.Answer.Failed;
import dev.plinth.oauth.internal.http.Answer.NewTokens;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the answer of a token endpoint (RFC 6749, sections 5.1 and 5.2) and says what a failure
 * means. Nothing that the provider wrote gets into an error: it might repeat a secret.
 */
final class AnswerReader {
  private static final int MAX_TOKEN = 200_000;
  private static final long MAX_EXPIRES_IN = Duration.ofDays(36_500).toSeconds();

  /**
   * The refresh token is no good, or only its user can make it so again. The second is GitHub's
   * word, which it sends with status 200; the rest are OpenID Connect's.
   */
  private static final Set<String> TERMINAL =
      Set.of(
          "invalid_grant",
          "bad_refresh_token",
          "interaction_required",
          "consent_required",
          "login_required");

  private static final Set<String> CONFIGURATION =
      Set.of(
          "invalid_client",
          "unauthorized_client",
          "unsupported_grant_type",
          "invalid_request",
          "invalid_scope",
          "incorrect_client_credentials");

  private static final Set<String> TRANSIENT =
      Set.of("temporarily_unavailable", "server_error", "slow_down");

  private final JsonCodec json;

  AnswerReader(JsonCodec json) {
    this.json = json;
  }

  Answer read(Reply reply) {
    int status = reply.status();
    if (status == 429 || status >= 500) {
      return failed(ErrorClass.TRANSIENT, "http_" + status, reply);
    }
    Map<?, ?> members = object(reply.body());
    String error = members == null ? null : text(members, "error");
    boolean answered = members != null && text(members, "access_token") != null;
    if (error != null && (status != 200 || !answered)) {
      return classify(error, reply);
    }
    if (status == 200) {
      NewTokens tokens = members == null ? null : tokens(members);
      // The provider believes that it has answered, so the old refresh token may be spent.
      return tokens == null ? failed(ErrorClass.UNKNOWN, "unreadable_answer", reply) : tokens;
    }
    return failed(ErrorClass.CONFIGURATION, "http_" + status, reply);
  }

  private static Failed classify(String error, Reply reply) {
    if (TERMINAL.contains(error)) {
      return failed(ErrorClass.TERMINAL, error, reply);
    }
    if (TRANSIENT.contains(error)) {
      return failed(ErrorClass.TRANSIENT, error, reply);
    }
    return failed(
        ErrorClass.CONFIGURATION,
        CONFIGURATION.contains(error) ? error : "unregistered_error",
        reply);
  }

  private static Failed failed(ErrorClass errorClass, String error, Reply reply) {
    return new Failed(errorClass, error, reply.status(), reply.retryAfter());
  }

  private @Nullable NewTokens tokens(Map<?, ?> members) {
    String accessToken = token(members, "access_token");
    if (accessToken == null) {
      return null;
    }
    String scope = text(members, "scope");
    return new NewTokens(
        accessToken,
        token(members, "refresh_token"),
        token(members, "id_token"),
        tokenType(members),
        seconds(members.get("expires_in")),
        scope == null || scope.isBlank() ? null : Set.of(distinct(scope)));
  }

  private static String[] distinct(String scope) {
    return java.util.Arrays.stream(scope.strip().split("[\\s,]+"))
        .filter(one -> one.length() <= 1000 && one.indexOf('\0') < 0)
        .distinct()
        .toArray(String[]::new);
  }

  /** Some providers send the number as text; nonsense counts as absent. */
  private static @Nullable Long seconds(@Nullable Object value) {
    if (value instanceof Number number) {
      return Math.max(0, Math.min(MAX_EXPIRES_IN, number.longValue()));
    }
    if (value instanceof String digits && digits.matches("\\d{1,10}")) {
      return Math.min(MAX_EXPIRES_IN, Long.parseLong(digits));
    }
    return null;
  }

  private static @Nullable String tokenType(Map<?, ?> members) {
    String type = text(members, "token_type");
    return type == null || !type.matches("[A-Za-z0-9._-]{1,20}") ? null : type;
  }

  private static @Nullable String token(Map<?, ?> members, String name) {
    String token = text(members, name);
    return token == null || token.isBlank() || token.length() > MAX_TOKEN ? null : token;
  }

  private static @Nullable String text(Map<?, ?> members, String name) {
    return members.get(name) instanceof String text ? text : null;
  }

  private @Nullable Map<?, ?> object(byte[] body) {
    try {
      Json document = Json.of(new String(body, UTF_8));
      return document.isObject() ? json.read(document, Map.class) : null;
    } catch (IllegalArgumentException e) {
      // Not JSON: what that means depends on the status, and what stood there is nobody's business.
      return null;
    }
  }
}
