package dev.plinth.examples.quickstart.jobs;

import java.io.PrintStream;

/** What the chapter checks of its own result. */
final class Verdict {
  private final PrintStream out;
  private boolean good = true;

  Verdict(PrintStream out) {
    this.out = out;
  }

  void check(String what, boolean isSo) {
    out.println((isSo ? "  right  " : "  WRONG  ") + what);
    good &= isSo;
  }

  boolean isGood() {
    return good;
  }
}
