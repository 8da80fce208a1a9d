package dev.plinth.oauth.internal.store;

import dev.plinth.core.Plinth;
import dev.plinth.core.json.Json;
import dev.plinth.core.tx.Tx;
import dev.plinth.oauth.internal.Sealer;
import dev.plinth.oauth.internal.http.Answer.NewTokens;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What {@code oauth2_token_refreshes.kept_tokens} holds: one encrypted JSON object. */
public final class KeptTokens {
  private final Plinth plinth;
  private final Sealer sealer;

  /** For one Plinth. */
  public KeptTokens(Plinth plinth) {
    this.plinth = plinth;
    this.sealer = new Sealer(plinth, "oauth2_token_refreshes");
  }

  /** An answer that came too late. */
  public byte[] seal(Tx tx, UUID refreshId, NewTokens answer) {
    Map<String, @Nullable Object> members = new HashMap<>();
    members.put("access_token", answer.accessToken());
    members.put("refresh_token", answer.refreshToken());
    members.put("id_token", answer.idToken());
    members.put("token_type", answer.tokenType());
    members.put("expires_in", answer.expiresInSeconds());
    members.put("scopes", answer.scopes() == null ? null : List.copyOf(answer.scopes()));
    return seal(tx, refreshId, members);
  }

  /** A token that the provider has yet to be told to forget. */
  public byte[] sealForRevocation(Tx tx, UUID refreshId, String token, String typeHint) {
    return seal(tx, refreshId, Map.of("token", token, "token_type_hint", typeHint));
  }

  /** The answer that was kept. */
  public NewTokens answer(Tx tx, UUID refreshId, byte[] sealed) {
    Map<?, ?> members = open(tx, refreshId, sealed);
    Object expiresIn = members.get("expires_in");
    return new NewTokens(
        Objects.requireNonNull(text(members, "access_token")),
        text(members, "refresh_token"),
        text(members, "id_token"),
        text(members, "token_type"),
        expiresIn instanceof Number seconds ? (Long) seconds.longValue() : null,
        scopes(members.get("scopes")));
  }

  /** The token to revoke, and the hint what it is. */
  public Map.Entry<String, String> revocation(Tx tx, UUID refreshId, byte[] sealed) {
    Map<?, ?> members = open(tx, refreshId, sealed);
    return Map.entry(
        Objects.requireNonNull(text(members, "token")),
        Objects.requireNonNull(text(members, "token_type_hint")));
  }

  private byte[] seal(Tx tx, UUID refreshId, Map<String, ? extends @Nullable Object> members) {
    return Objects.requireNonNull(
        sealer.seal(tx, "kept_tokens", refreshId, Json.object(members).text()));
  }

  private Map<?, ?> open(Tx tx, UUID refreshId, byte[] sealed) {
    String text = Objects.requireNonNull(sealer.open(tx, "kept_tokens", refreshId, sealed));
    return plinth.json().read(Json.of(text), Map.class);
  }

  private static @Nullable String text(Map<?, ?> members, String name) {
    return members.get(name) instanceof String text ? text : null;
  }

  private static @Nullable Set<String> scopes(@Nullable Object value) {
    if (!(value instanceof List<?> list)) {
      return null;
    }
    Set<String> scopes = new HashSet<>();
    list.forEach(scope -> scopes.add(String.valueOf(scope)));
    return scopes;
  }
}
