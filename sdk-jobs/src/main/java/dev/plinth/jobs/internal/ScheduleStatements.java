package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import java.time.Duration;

/** Every statement about schedules, rendered once for a Plinth's schema. */
final class ScheduleStatements {
  private final Plinth plinth;
  private final Hints hints;
  private final ScheduledJobs scheduledJobs;
  private final KnownUser knownUser;
  private final ReadSchedules read;
  private final WriteSchedules write;
  private final TriggerSchedule trigger;

  ScheduleStatements(Plinth plinth, KnownUser knownUser, Enqueue enqueue, Hints hints) {
    this.plinth = plinth;
    this.hints = hints;
    this.scheduledJobs = new ScheduledJobs(plinth.schema(), enqueue, plinth.json());
    this.knownUser = knownUser;
    this.read = new ReadSchedules(plinth.schema());
    this.write = new WriteSchedules(plinth.schema(), plinth.ids());
    this.trigger = new TriggerSchedule(plinth.schema(), scheduledJobs, hints);
  }

  FireSchedules fire(Duration pollInterval) {
    return new FireSchedules(plinth.schema(), scheduledJobs, hints, pollInterval);
  }

  KnownUser knownUser() {
    return knownUser;
  }

  ReadSchedules read() {
    return read;
  }

  WriteSchedules write() {
    return write;
  }

  TriggerSchedule trigger() {
    return trigger;
  }
}
