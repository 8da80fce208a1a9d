package dev.plinth.core.migration;

import java.util.List;

/**
 * What a call changed.
 *
 * @param applied what was applied, in order
 * @param undone what was undone, in order
 */
public record MigrationReport(List<Migration> applied, List<Migration> undone) {
  /** Copies the lists. */
  public MigrationReport {
    applied = List.copyOf(applied);
    undone = List.copyOf(undone);
  }

  /** True when the schema was already as asked for. */
  public boolean isEmpty() {
    return applied.isEmpty() && undone.isEmpty();
  }
}
