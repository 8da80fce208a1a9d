package dev.plinth.jobs.internal;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import org.jspecify.annotations.Nullable;

/** What the clocks on the walls of a zone show, and when they are changed. */
final class WallClock {
  private final ZoneRules rules;

  WallClock(ZoneId zone) {
    this.rules = zone.getRules();
  }

  /** What they show at an instant. */
  LocalDateTime at(Instant time) {
    return LocalDateTime.ofInstant(time, offset(time));
  }

  ZoneOffset offset(Instant time) {
    return rules.getOffset(time);
  }

  /**
   * When a local time comes for the first time; for one that is skipped, the moment after the gap.
   * Never decreases when the local time grows.
   */
  Instant first(LocalDateTime time) {
    ZoneOffsetTransition change = rules.getTransition(time);
    return change != null && change.isGap()
        ? change.getInstant()
        : time.toInstant(rules.getValidOffsets(time).get(0));
  }

  /** When they are next changed, or null if they never are. */
  @Nullable Instant nextChange(Instant time) {
    ZoneOffsetTransition change = rules.nextTransition(time);
    return change == null ? null : change.getInstant();
  }
}
