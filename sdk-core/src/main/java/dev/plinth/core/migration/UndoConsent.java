package dev.plinth.core.migration;

/** Whether undo scripts that drop data may run. */
public enum UndoConsent {
  /** Only undo scripts that lose nothing. */
  KEEP_DATA,
  /** Undo scripts may drop tables and columns together with what is in them. */
  DESTROY_DATA
}
