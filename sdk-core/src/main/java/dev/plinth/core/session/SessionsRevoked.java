package dev.plinth.core.session;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Sessions of one user were revoked.
 *
 * @param userId whose they were
 * @param sessionIds the sessions, at least one
 */
public record SessionsRevoked(UUID userId, List<UUID> sessionIds) implements PlinthEvent {
  private static final int TOLD = 100;

  /** Keeps a copy of the ids. */
  public SessionsRevoked {
    sessionIds = List.copyOf(sessionIds);
  }

  /** Names a hundred of the sessions at most. */
  @Override
  public Fact fact() {
    return new Fact(
        "session.revoked",
        userId,
        "session",
        sessionIds.get(0).toString(),
        Fact.Outcome.SUCCEEDED,
        Json.object(
            Map.of(
                "count", sessionIds.size(), "sessions", sessionIds.stream().limit(TOLD).toList())));
  }
}
