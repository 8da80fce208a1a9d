package dev.plinth.jobs;

import dev.plinth.core.spi.Args;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which jobs to list; what is null does not matter. Immutable. Listing by user, batch, parent or
 * any status but {@code COMPLETED} uses an index; by type alone it walks the record backwards.
 *
 * @param user its owner
 * @param type the name of its kind
 * @param status where it stands
 * @param batch its batch
 * @param parent its parent
 */
public record JobFilter(
    @Nullable UUID user,
    @Nullable String type,
    @Nullable JobStatus status,
    @Nullable BatchId batch,
    @Nullable JobId parent) {
  private static final JobFilter ALL = new JobFilter(null, null, null, null, null);

  /** Every job. */
  public static JobFilter all() {
    return ALL;
  }

  /** The same, of this owner. */
  public JobFilter user(UUID user) {
    return new JobFilter(Args.notNull(user, "user"), type, status, batch, parent);
  }

  /** The same, of this kind. */
  public JobFilter type(JobKind<?> kind) {
    return new JobFilter(user, Args.notNull(kind, "kind").name(), status, batch, parent);
  }

  /** The same, standing there. */
  public JobFilter status(JobStatus status) {
    return new JobFilter(user, type, Args.notNull(status, "status"), batch, parent);
  }

  /** The same, in this batch. */
  public JobFilter batch(BatchId batch) {
    return new JobFilter(user, type, status, Args.notNull(batch, "batch"), parent);
  }

  /** The same, under this parent. */
  public JobFilter parent(JobId parent) {
    return new JobFilter(user, type, status, batch, Args.notNull(parent, "parent"));
  }
}
