package dev.plinth.core.internal.notify;

import dev.plinth.core.notify.NotificationStatus;
import dev.plinth.core.notify.NotificationStatus.State;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/** How it stands with the LISTEN connection: written by the loop, read by everyone. */
final class Standing {
  private final InstantSource clock;
  private volatile NotificationStatus status;

  Standing(InstantSource clock, State state) {
    this.clock = clock;
    this.status = new NotificationStatus(state, clock.instant(), 0, null);
  }

  NotificationStatus status() {
    return status;
  }

  boolean is(State state) {
    return status.state() == state;
  }

  /** A state that goes on keeps its beginning. */
  void enter(State state, @Nullable String problem) {
    NotificationStatus last = status;
    boolean lost = last.state() == State.LISTENING && state == State.LOST;
    status =
        new NotificationStatus(
            state,
            last.state() == state ? last.since() : clock.instant(),
            last.losses() + (lost ? 1 : 0),
            problem);
  }
}
