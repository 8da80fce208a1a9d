package dev.plinth.audit;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A part of a long answer, newest first. Pages are cut by id: whatever was committed before the
 * first page was read appears exactly once, however much is written meanwhile.
 *
 * @param items at most as many as were asked for
 * @param following how to ask for the next page, or null when this is the last
 */
public record Page<T>(List<T> items, @Nullable PageRequest following) {
  /** Keeps a copy. */
  public Page {
    items = List.copyOf(items);
  }

  /** How to ask for the next page; empty when this is the last. */
  public Optional<PageRequest> next() {
    return Optional.ofNullable(following);
  }
}
