package dev.plinth.benchmarks.core;

import dev.plinth.core.Plinth;
import dev.plinth.core.apikey.KeyAuthentication;
import dev.plinth.core.apikey.KeyOwner;
import dev.plinth.core.apikey.NewApiKey;
import java.util.List;
import java.util.UUID;

/** API keys of users. */
final class KeyTokens implements TokenKind {
  @Override
  public List<String> issue(Plinth plinth, List<UUID> users) {
    return plinth.transactReturning(
        tx ->
            users.stream()
                .map(user -> NewApiKey.of(KeyOwner.user(user), "benchmark"))
                .map(key -> plinth.apiKeys().in(tx).issue(key).reveal())
                .toList());
  }

  @Override
  public boolean isGood(Plinth plinth, String text) {
    return plinth.apiKeys().authenticate(text) instanceof KeyAuthentication.Valid;
  }

  @Override
  public String hashes() {
    return "SELECT key_hash FROM plinth.api_keys";
  }

  @Override
  public String read() {
    return """
        SELECT id, tenant_id, owner_type, owner_id, scopes, is_active, expires_at
        FROM plinth.api_keys
        WHERE key_hash = ?
        """;
  }
}
