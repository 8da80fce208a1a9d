package dev.plinth.core.restore;

import dev.plinth.core.PlinthException;
import dev.plinth.core.instance.Instance;
import java.util.List;
import java.util.UUID;

/** Other instances are alive, so that nothing was changed. */
public final class RestoreRefusedException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final List<UUID> alive;

  /** With the instances that are alive. */
  public RestoreRefusedException(List<Instance> alive) {
    super(
        "Instances are alive in the restored database: "
            + String.join(
                ", ", alive.stream().map(one -> one.name() + " (" + one.id() + ")").toList())
            + ". Stop them, and try again when they have signed off or their heartbeats have"
            + " expired; or go on regardless with RestoreOptions.whileOthersRun()");
    this.alive = alive.stream().map(Instance::id).toList();
  }

  /** The ids of those that are alive by the database's clock. */
  public List<UUID> alive() {
    return alive;
  }
}
