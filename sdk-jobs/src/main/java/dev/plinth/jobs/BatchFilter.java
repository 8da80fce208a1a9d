package dev.plinth.jobs;

import dev.plinth.core.spi.Args;
import dev.plinth.jobs.Batch.Status;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which batches to list; what is null does not matter. Immutable. Each of them alone uses an index.
 *
 * @param owner its owner
 * @param status where it stands
 * @param name its name
 * @param parent the batch around it
 */
public record BatchFilter(
    @Nullable UUID owner,
    @Nullable Status status,
    @Nullable String name,
    @Nullable BatchId parent) {
  private static final BatchFilter ALL = new BatchFilter(null, null, null, null);

  /** Checks the arguments. */
  public BatchFilter {
    if (name != null) {
      Args.text(name, 255, "name");
    }
  }

  /** Every batch. */
  public static BatchFilter all() {
    return ALL;
  }

  /** The same, of this owner. */
  public BatchFilter owner(UUID owner) {
    return new BatchFilter(Args.notNull(owner, "owner"), status, name, parent);
  }

  /** The same, standing there. */
  public BatchFilter status(Status status) {
    return new BatchFilter(owner, Args.notNull(status, "status"), name, parent);
  }

  /** The same, of exactly this name. */
  public BatchFilter name(String name) {
    return new BatchFilter(owner, status, Args.notNull(name, "name"), parent);
  }

  /** The same, directly within this batch. */
  public BatchFilter parent(BatchId parent) {
    return new BatchFilter(owner, status, name, Args.notNull(parent, "parent"));
  }
}
