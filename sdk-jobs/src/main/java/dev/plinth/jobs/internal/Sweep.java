package dev.plinth.jobs.internal;

import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.UUID;

/** Work that any node may do at any time: in chunks, and item by item where a chunk fails. */
interface Sweep {
  /** Does a chunk; true when there may be more. */
  boolean chunk(Tx tx);

  /** What there is to do, a bounded number; nothing when chunks have no items to tell apart. */
  default List<UUID> items(Tx tx) {
    return List.of();
  }

  /** Does one item, unless it is done already or somebody is at it. */
  default void item(Tx tx, UUID id) {
    throw new UnsupportedOperationException("has no items");
  }
}
