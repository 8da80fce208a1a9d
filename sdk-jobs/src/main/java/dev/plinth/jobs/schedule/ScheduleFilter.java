package dev.plinth.jobs.schedule;

import dev.plinth.core.spi.Args;
import dev.plinth.jobs.JobKind;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which schedules to list; what is null does not matter. Immutable. The tenant is that of the
 * transaction.
 *
 * @param user its owner
 * @param node the node it is about
 * @param type the name of the kind of its jobs
 * @param active whether it is active or paused
 */
public record ScheduleFilter(
    @Nullable UUID user, @Nullable UUID node, @Nullable String type, @Nullable Boolean active) {
  private static final ScheduleFilter ALL = new ScheduleFilter(null, null, null, null);

  /** Every schedule of the tenant. */
  public static ScheduleFilter all() {
    return ALL;
  }

  /** The same, of this owner. */
  public ScheduleFilter user(UUID user) {
    return new ScheduleFilter(Args.notNull(user, "user"), node, type, active);
  }

  /** The same, about this node. */
  public ScheduleFilter node(UUID node) {
    return new ScheduleFilter(user, Args.notNull(node, "node"), type, active);
  }

  /** The same, of jobs of this kind. */
  public ScheduleFilter type(JobKind<?> kind) {
    return new ScheduleFilter(user, node, Args.notNull(kind, "kind").name(), active);
  }

  /** The same, only of those that are active, or only of those that are paused. */
  public ScheduleFilter active(boolean active) {
    return new ScheduleFilter(user, node, type, active);
  }
}
