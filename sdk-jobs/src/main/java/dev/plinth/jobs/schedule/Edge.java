package dev.plinth.jobs.schedule;

/** Which end of a window is due. */
public enum Edge {
  /** It begins. */
  START,
  /** It ends. */
  END
}
