package dev.plinth.examples.quickstart.jobs;

import java.time.Duration;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Waits for what must come, up to a time at which something must be wrong. */
final class Patience {
  private static final Duration LOOK_EVERY = Duration.ofMillis(100);

  private final long end;

  Patience(Duration most) {
    this.end = System.nanoTime() + most.toNanos();
  }

  /** Asks until it is so. */
  <T> T until(String what, Supplier<T> question, Predicate<T> isSo) throws InterruptedException {
    while (true) {
      T answer = question.get();
      if (isSo.test(answer)) {
        return answer;
      }
      if (System.nanoTime() - end >= 0) {
        throw new IllegalStateException("It takes too long until " + what + ": " + answer);
      }
      Thread.sleep(LOOK_EVERY.toMillis());
    }
  }
}
