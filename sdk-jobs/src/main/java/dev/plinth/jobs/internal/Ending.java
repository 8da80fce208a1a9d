package dev.plinth.jobs.internal;

import dev.plinth.core.json.Json;
import dev.plinth.jobs.Progress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How a claim ends. Every one is written only while its epoch still holds. */
sealed interface Ending {
  /** The claim that ends. */
  Claimed job();

  /** The handler returned. */
  record Completed(Claimed job, @Nullable Json result, @Nullable Progress progress)
      implements Ending {}

  /** The handler threw; a delay means that another attempt follows. */
  record Failed(
      Claimed job, Failure failure, @Nullable Duration retryAfter, @Nullable Progress progress)
      implements Ending {
    boolean isFinal() {
      return retryAfter == null;
    }
  }

  /** Given back, begun or not, to run elsewhere. */
  record Released(Claimed job, boolean begun) implements Ending {}
}
