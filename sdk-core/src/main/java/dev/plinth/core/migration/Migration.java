package dev.plinth.core.migration;

/**
 * One migration that this code brings.
 *
 * @param module the module it belongs to
 * @param version its number in the module's line, from 1 without gaps
 * @param description what it does, in a few words
 * @param compatibility whether nodes of the previous version go on working after it
 * @param undoDestroysData whether its undo script drops data
 */
public record Migration(
    String module,
    int version,
    String description,
    Compatibility compatibility,
    boolean undoDestroysData) {
  /** What a migration means for nodes of the previous version. */
  public enum Compatibility {
    /** They go on working. */
    EXPANDING,
    /** They must not go on, and refuse to. */
    BREAKING
  }
}
