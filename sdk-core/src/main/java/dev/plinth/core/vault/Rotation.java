package dev.plinth.core.vault;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How far the re-encryption of every registered column has come.
 *
 * @param columns one entry for each column that has ever been registered
 */
public record Rotation(List<Progress> columns) {
  /** Copies the list. */
  public Rotation {
    columns = List.copyOf(columns);
  }

  /** True when no column is left to be worked on; so too before the first rotation. */
  public boolean isFinished() {
    return columns.stream().allMatch(one -> one.targetId() == null || one.finishedAt() != null);
  }

  /** Values re-encrypted in the latest passes. */
  public long rotated() {
    return columns.stream().mapToLong(Progress::rotated).sum();
  }

  /** Values of the latest passes that could not be decrypted and so were left alone. */
  public long failed() {
    return columns.stream().mapToLong(Progress::failed).sum();
  }

  /**
   * The latest pass over one column.
   *
   * @param schema the table's schema
   * @param table the table
   * @param column the column
   * @param targetId the data key that its values are to be under; null before the first rotation
   * @param passStartedAt when the pass began, or null
   * @param examined rows examined
   * @param rotated values re-encrypted
   * @param contended values that others held locked or changed meanwhile
   * @param failed values that could not be decrypted; they are left as they are
   * @param lastError what is wrong with the last of those, or null
   * @param finishedAt when nothing was left to do, or null
   */
  public record Progress(
      String schema,
      String table,
      String column,
      @Nullable UUID targetId,
      @Nullable Instant passStartedAt,
      long examined,
      long rotated,
      long contended,
      long failed,
      @Nullable String lastError,
      @Nullable Instant finishedAt) {}
}
