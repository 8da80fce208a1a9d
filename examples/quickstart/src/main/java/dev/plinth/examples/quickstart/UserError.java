package dev.plinth.examples.quickstart;

/** Something the person at the terminal can put right; shown as one line, without a stack trace. */
final class UserError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UserError(String message) {
    super(message);
  }
}
