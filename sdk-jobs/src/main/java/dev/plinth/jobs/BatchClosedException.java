package dev.plinth.jobs;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/** The batch takes no jobs: it is sealed or has ended, or does not exist. Nothing was written. */
public final class BatchClosedException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID batchId;

  /** With the batch and where it stands. */
  public BatchClosedException(BatchId batchId, String standing) {
    super(
        "Batch "
            + batchId
            + " "
            + standing
            + ", so it takes no jobs and nothing was written: create another batch, or seal this one"
            + " later");
    this.batchId = batchId.value();
  }

  /** The batch. */
  public BatchId batchId() {
    return new BatchId(batchId);
  }
}
