package dev.plinth.core.restore;

import dev.plinth.core.spi.Args;
import java.time.Instant;
import java.util.List;

/**
 * What a call of {@code plinth.afterRestore} has changed, and what it found that it cannot mend.
 *
 * @param at when, by the database's clock
 * @param changes in the order in which they were made; also those that had nothing to change
 * @param problems what {@code plinth.migrations().verify()} would complain of afterwards, each in a
 *     sentence; empty when nothing
 */
public record RestoreReport(Instant at, List<Change> changes, List<String> problems) {
  /**
   * One kind of change.
   *
   * @param module such as {@code jobs}
   * @param what in words, such as {@code claims given back}
   * @param rows how many rows it concerned
   */
  public record Change(String module, String what, long rows) {
    /** Checks the arguments. */
    public Change {
      Args.text(module, 30, "module");
      Args.text(what, 255, "what");
    }
  }

  /** Copies the lists. */
  public RestoreReport {
    Args.notNull(at, "at");
    changes = List.copyOf(Args.notNull(changes, "changes"));
    problems = List.copyOf(Args.notNull(problems, "problems"));
  }

  /** How many rows a kind of change concerned; 0 when there was none of that name. */
  public long rows(String module, String what) {
    Args.text(module, 30, "module");
    Args.text(what, 255, "what");
    return changes.stream()
        .filter(change -> change.module().equals(module) && change.what().equals(what))
        .mapToLong(Change::rows)
        .sum();
  }
}
