package dev.plinth.jobs.internal;

import dev.plinth.jobs.Progress;
import org.jspecify.annotations.Nullable;

/** Progress in columns, as statements over many jobs take it. */
final class Progresses {
  private final @Nullable Long[] done;
  private final @Nullable Long[] total;
  private final @Nullable String[] note;

  Progresses(int size) {
    this.done = new Long[size];
    this.total = new Long[size];
    this.note = new String[size];
  }

  void set(int index, @Nullable Progress progress) {
    if (progress != null) {
      done[index] = progress.done();
      total[index] = progress.total();
      note[index] = progress.note();
    }
  }

  @Nullable Long[] done() {
    return done;
  }

  @Nullable Long[] total() {
    return total;
  }

  @Nullable String[] note() {
    return note;
  }
}
