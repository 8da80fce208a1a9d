package dev.plinth.jobs;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/** Too many batches would lie within one another. Nothing was written. */
public final class BatchDepthException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID parentId;

  /** With the batch that can have none within it. */
  public BatchDepthException(BatchId parent) {
    super(
        "Batch "
            + parent
            + " lies within "
            + (NewBatch.MAX_DEPTH - 1)
            + " others, which is as deep as it goes, and nothing was written: create the batch"
            + " beside it");
    this.parentId = parent.value();
  }

  /** The batch that can have none within it. */
  public BatchId parentId() {
    return new BatchId(parentId);
  }
}
