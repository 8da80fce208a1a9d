package dev.plinth.jobs.internal;

import dev.plinth.jobs.internal.ParkedLines.Waiting;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Who is let through: in a fair queue one job of each user in turn, in others whoever waits
 * longest; only where every gate has room. Decides without the database.
 */
final class Rounds {
  private Rounds() {}

  /**
   * Takes jobs out of the lines and their room out of the gates.
   *
   * @param lines the first jobs of each line, the lines in the order of the users' turns
   * @param fair whether users take turns
   * @param most no more than this many
   * @return the jobs, in the order in which they should run
   */
  static List<Waiting> play(Map<Line, List<Waiting>> lines, Gates gates, boolean fair, int most) {
    Map<UUID, Player> players = new LinkedHashMap<>();
    lines.forEach(
        (line, jobs) ->
            players
                .computeIfAbsent(fair ? line.user() : Line.NOBODY, user -> new Player())
                .add(jobs));
    Deque<Player> ring = new ArrayDeque<>(players.values());
    List<Waiting> chosen = new ArrayList<>();
    while (!ring.isEmpty() && chosen.size() < most) {
      Player player = ring.poll();
      Waiting job = player.next(gates);
      if (job != null) {
        gates.take(job.line());
        chosen.add(job);
        ring.add(player);
      }
    }
    return chosen;
  }

  /** The lines of one user, or all lines of a queue where users take no turns. */
  private static final class Player {
    private final PriorityQueue<Deque<Waiting>> lines =
        new PriorityQueue<>((a, b) -> a.element().compareTo(b.element()));

    void add(Collection<Waiting> jobs) {
      lines.add(new ArrayDeque<>(jobs));
    }

    /** The job that waits longest among those with room; room that is gone does not come back. */
    @Nullable Waiting next(Gates gates) {
      while (!lines.isEmpty()) {
        Deque<Waiting> line = lines.poll();
        if (gates.room(line.element().line()) > 0) {
          Waiting job = line.remove();
          if (!line.isEmpty()) {
            lines.add(line);
          }
          return job;
        }
      }
      return null;
    }
  }
}
