package dev.plinth.benchmarks.core;

import dev.plinth.benchmarks.Threads;
import dev.plinth.core.Plinth;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** Presents one of the texts to Plinth. */
record PlinthRead(Plinth plinth, TokenKind kind, List<String> texts) implements Threads.Step {
  @Override
  public void run() {
    if (!kind.isGood(plinth, texts.get(ThreadLocalRandom.current().nextInt(texts.size())))) {
      throw new IllegalStateException("A good token was refused");
    }
  }
}
