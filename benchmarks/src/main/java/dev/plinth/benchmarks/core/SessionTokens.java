package dev.plinth.benchmarks.core;

import dev.plinth.core.Plinth;
import dev.plinth.core.session.NewSession;
import dev.plinth.core.session.SessionAuthentication;
import java.util.List;
import java.util.UUID;

/** Log-in sessions by their token. */
final class SessionTokens implements TokenKind {
  @Override
  public List<String> issue(Plinth plinth, List<UUID> users) {
    return plinth.transactReturning(
        tx ->
            users.stream()
                .map(user -> plinth.sessions().in(tx).start(NewSession.of(user)).revealToken())
                .toList());
  }

  @Override
  public boolean isGood(Plinth plinth, String text) {
    return plinth.sessions().authenticate(text) instanceof SessionAuthentication.Active;
  }

  @Override
  public String hashes() {
    return "SELECT token_hash FROM plinth.sessions";
  }

  @Override
  public String read() {
    return """
        SELECT id, tenant_id, user_id, session_data, is_active, idle_expires_at, expires_at, version
        FROM plinth.sessions
        WHERE token_hash = ?
        """;
  }
}
