package dev.plinth.audit;

/** How much an action matters to whoever watches, in ascending order. */
public enum Severity {
  /** Ordinary work; the default. */
  INFO,
  /** Worth a look when something else points here. */
  LOW,
  /** Worth a look. */
  MEDIUM,
  /** Worth a look today. */
  HIGH,
  /** Worth waking somebody up. */
  CRITICAL
}
