package dev.plinth.jobs.internal;

import dev.plinth.core.PlinthException;

/** Recorded, and never thrown, where a handler goes on although it was interrupted. */
final class StillAtWorkException extends PlinthException {
  private static final long serialVersionUID = 1L;

  /** With the place where the handler is. */
  StillAtWorkException(StackTraceElement[] place) {
    super("The handler goes on although it was interrupted; this is where it is");
    setStackTrace(place);
  }
}
