package dev.plinth.jobs.node;

/** Where a node stands. */
public enum NodeStatus {
  /** Its last heartbeat was well. */
  ACTIVE,
  /** Never heard of, or switched off by hand. */
  INACTIVE,
  /** Its last heartbeat told of an error. */
  ERROR,
  /** Its heartbeats stayed away. */
  OFFLINE;

  /** True for one that is heard of. */
  public boolean isOnline() {
    return this == ACTIVE || this == ERROR;
  }
}
