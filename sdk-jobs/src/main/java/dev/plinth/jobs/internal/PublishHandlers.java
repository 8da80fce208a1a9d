package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Liveness;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the other nodes what a dispatcher takes, under the instance that it works as; and removes
 * what was told by instances that are dead.
 */
final class PublishHandlers implements Sweep {
  private static final Logger log = LoggerFactory.getLogger(PublishHandlers.class);
  private static final String PUBLISH =
      """
      INSERT INTO {schema}.job_handlers AS h
        (claimer, instance_id, queues, types, versions, workers, registered_at)
      VALUES (?, ?, ?, ?, ?, ?, {now})
      ON CONFLICT (claimer) DO UPDATE
      SET instance_id = EXCLUDED.instance_id,
          registered_at = EXCLUDED.registered_at
      WHERE h.instance_id <> EXCLUDED.instance_id
      """;
  private static final String BURY =
      """
      DELETE FROM {schema}.job_handlers h
      WHERE {dead}
      """;
  private static final String WITHDRAW =
      """
      DELETE FROM {schema}.job_handlers
      WHERE claimer = ?
      """;

  private final Plinth plinth;
  private final UUID claimer;
  private final DispatcherSettings settings;
  private final Map<String, Integer> handled;
  private final String publish;
  private final String bury;
  private final String withdraw;
  private volatile boolean withdrawn;

  PublishHandlers(
      Plinth plinth, UUID claimer, DispatcherSettings settings, Map<String, Integer> handled) {
    Schema schema = plinth.schema();
    this.plinth = plinth;
    this.claimer = claimer;
    this.settings = settings;
    this.handled = handled;
    this.publish = schema.render(PUBLISH);
    this.bury = schema.render(BURY.replace("{dead}", Liveness.dead("h.instance_id")));
    this.withdraw = schema.render(WITHDRAW);
  }

  @Override
  public boolean chunk(Tx tx) {
    Sql.update(tx.connection(), bury);
    if (withdrawn) {
      return false;
    }
    Sql.update(
        tx.connection(),
        publish,
        claimer,
        plinth.instances().id(),
        settings.queues().toArray(String[]::new),
        handled.keySet().toArray(String[]::new),
        handled.values().toArray(Integer[]::new),
        settings.workers());
    return false;
  }

  /** This dispatcher takes nothing more. Where that cannot be told now, its instance's end does. */
  void withdraw() {
    withdrawn = true;
    if (!plinth.instances().isAlive()) {
      return;
    }
    try {
      plinth.transactSeparately(
          TxOptions.defaults(), tx -> Sql.update(tx.connection(), withdraw, claimer));
    } catch (RuntimeException e) {
      log.debug("That this node takes no more jobs is told when its instance ends", e);
    }
  }
}
