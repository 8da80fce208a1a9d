package dev.plinth.core.internal.presence;

import dev.plinth.core.notify.Notifications;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;

/** Tells the nodes which connections were sent away: ids in a notification. */
final class Dismissals {
  private static final String TOPIC = "core.connection";
  private static final int IDS_IN_A_MESSAGE = 180;

  private final Notifications notifications;
  private final Holding holding;

  Dismissals(Notifications notifications, Holding holding) {
    this.notifications = notifications;
    this.holding = holding;
    notifications.subscribe(TOPIC, this::heard);
  }

  /** This node is told without the detour; what does not arrive the next round finds. */
  void announce(Tx tx, List<UUID> ids) {
    tx.afterCommit(() -> ids.forEach(holding::dismissed));
    for (int from = 0; from < ids.size(); from += IDS_IN_A_MESSAGE) {
      List<UUID> part = ids.subList(from, Math.min(ids.size(), from + IDS_IN_A_MESSAGE));
      notifications.send(
          tx, TOPIC, part.stream().map(UUID::toString).collect(Collectors.joining(",")));
    }
  }

  private void heard(String ids) {
    if (ids.isEmpty()) {
      holding.checkSoon();
    } else {
      for (String id : ids.split(",", -1)) {
        holding.dismissed(UUID.fromString(id));
      }
    }
  }
}
