package dev.plinth.core.internal.credential;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plinth.core.credential.CredentialType;
import dev.plinth.core.credential.Secret;
import dev.plinth.core.vault.VaultException;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The bytes that are encrypted: a JSON object in UTF-8, of one form for each type. */
final class SecretText {
  private static final ObjectMapper JSON = new ObjectMapper();

  private SecretText() {}

  static byte[] of(Secret secret) {
    ObjectNode text = JSON.createObjectNode();
    if (secret instanceof Secret.OAuth2 oauth) {
      text.put("access_token", oauth.accessToken());
      text.put("refresh_token", oauth.refreshToken());
      text.put("expires_at", oauth.expiresAt() == null ? null : oauth.expiresAt().toString());
      ArrayNode scopes = text.putArray("scopes");
      oauth.scopes().forEach(scopes::add);
    } else if (secret instanceof Secret.ApiKey key) {
      text.put("key", key.key());
    } else if (secret instanceof Secret.BasicAuth basic) {
      text.put("username", basic.username());
      text.put("password", basic.password());
    }
    return text.toString().getBytes(UTF_8);
  }

  /** What was encrypted, as a secret of its type. */
  static Secret read(CredentialType type, byte[] bytes) {
    try {
      JsonNode text = JSON.readTree(bytes);
      return switch (type) {
        case OAUTH2 -> {
          Set<String> scopes = new LinkedHashSet<>();
          text.path("scopes").forEach(scope -> scopes.add(scope.asText()));
          String expiresAt = optional(text, "expires_at");
          yield new Secret.OAuth2(
              required(text, "access_token"),
              optional(text, "refresh_token"),
              expiresAt == null ? null : Instant.parse(expiresAt),
              scopes);
        }
        case API_KEY -> new Secret.ApiKey(required(text, "key"));
        case BASIC_AUTH ->
            new Secret.BasicAuth(required(text, "username"), required(text, "password"));
      };
    } catch (IOException | DateTimeException | IllegalArgumentException e) {
      // Without the cause, which may quote the secret.
      throw new VaultException(
          "A credential was decrypted and is not of the form of its type: its row's type was changed,"
              + " or a newer Plinth wrote it",
          null);
    }
  }

  private static String required(JsonNode text, String name) {
    String value = optional(text, name);
    if (value == null) {
      throw new IllegalArgumentException(name + " is missing");
    }
    return value;
  }

  private static @Nullable String optional(JsonNode text, String name) {
    JsonNode value = text.get(name);
    return value == null || value.isNull() ? null : value.asText();
  }
}
