package dev.plinth.core.spi;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.tx.Tx;
import java.util.function.BiConsumer;

/**
 * How a module takes its part in what others announce, on nodes too that never made its entry
 * point: {@code FeatureModule.subscribe} calls this.
 */
public final class Participation {
  private static final String IS_THERE =
      "SELECT 1 FROM {schema}.schema_changes WHERE module = ? LIMIT 1";

  private Participation() {}

  /**
   * Calls the participant inside the announcing transaction, where the module's tables are there:
   * before its first migration there is nothing to take part with. One query more for each event,
   * so it is for events that are rare.
   *
   * @param module the module's name
   */
  public static <E extends PlinthEvent> Subscription inTransaction(
      Plinth plinth, String module, Class<E> type, BiConsumer<Tx, E> participant) {
    Args.notNull(plinth, "plinth");
    Args.notNull(participant, "participant");
    String isThere = plinth.schema().render(IS_THERE);
    return plinth
        .events()
        .inTransaction(
            type,
            (tx, event) -> {
              if (Sql.first(tx.connection(), isThere, row -> 1, module).isPresent()) {
                participant.accept(tx, event);
              }
            });
  }
}
