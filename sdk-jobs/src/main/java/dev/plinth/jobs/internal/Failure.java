package dev.plinth.jobs.internal;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What is kept of an exception: cut to a bound and free of what PostgreSQL cannot store. */
record Failure(String errorClass, @Nullable String message, String stackTrace) {
  static final int MESSAGE = 2_000;
  static final int STACK_TRACE = 16_000;

  /** Even of an exception that fails to tell about itself. */
  static Failure of(Throwable thrown) {
    try {
      return told(thrown);
    } catch (Throwable e) {
      return new Failure(storable(thrown.getClass().getName(), 500), null, "");
    }
  }

  private static Failure told(Throwable thrown) {
    StringWriter trace = new StringWriter();
    thrown.printStackTrace(new PrintWriter(trace));
    String message = thrown.getMessage();
    return new Failure(
        storable(thrown.getClass().getName(), 500),
        message == null ? null : storable(message, MESSAGE),
        storable(trace.toString(), STACK_TRACE));
  }

  private static String storable(String text, int max) {
    String cut = text.length() <= max ? text : text.substring(0, max);
    // Through UTF-8 and back, so that half a surrogate pair becomes a question mark.
    return new String(cut.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8)
        .replace('\0', '?');
  }

  /** What the job's record shows. */
  String summary() {
    String text = message == null ? errorClass : errorClass + ": " + message;
    return text.length() <= MESSAGE ? text : text.substring(0, MESSAGE);
  }
}
