package dev.plinth.audit;

/** How an action ended. */
public enum Outcome {
  /** It was done. */
  SUCCESS,
  /** It was allowed, and failed. */
  FAILURE,
  /** It was not allowed. */
  DENIED
}
