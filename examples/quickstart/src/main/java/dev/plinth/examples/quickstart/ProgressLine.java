package dev.plinth.examples.quickstart;

import java.io.PrintStream;

/**
 * A bar that is drawn over itself on a terminal, and a plain line for every tenth of the way
 * elsewhere.
 */
final class ProgressLine {
  private static final int WIDTH = 40;

  private final PrintStream out;
  private final boolean terminal;
  private long lastTenth = -1;

  ProgressLine(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  void show(long done, long failed, long total) {
    long percent = total == 0 ? 100 : 100 * (done + failed) / total;
    String counts =
        "%3d %%  %d of %d files%s"
            .formatted(
                percent, done + failed, total, failed == 0 ? "" : ", " + failed + " refused");
    if (terminal) {
      int filled = (int) (WIDTH * percent / 100);
      out.print("\r[" + "#".repeat(filled) + ".".repeat(WIDTH - filled) + "] " + counts + " ");
      out.flush();
    } else if (percent / 10 > lastTenth) {
      lastTenth = percent / 10;
      out.println(counts);
    }
  }

  void end() {
    if (terminal) {
      out.println();
    }
  }
}
