package dev.plinth.core.lock;

import dev.plinth.core.PlinthException;
import java.time.Duration;

/** A lock was held by others for as long as the caller was willing to wait. Nothing was done. */
public final class LockTimeoutException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final String name;

  /** With the lock and how long was waited. */
  public LockTimeoutException(String name, Duration waited) {
    super(
        "The lock "
            + name
            + " was not to be had within "
            + waited
            + ": wait longer, or find out with plinth.locks().find(name) who holds it");
    this.name = name;
  }

  /** What is locked. */
  public String name() {
    return name;
  }
}
