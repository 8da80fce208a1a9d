package dev.plinth.jobs.schedule;

import dev.plinth.core.identity.UnknownUserException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The schedules of a tenant, by their names. Every started {@code Jobs}, on any node, fires what is
 * due: it enqueues the jobs and moves the schedule on in one transaction, under the schedule's row
 * lock and by the database's clock. So each due time is fired once, whichever nodes are up,
 * whatever their own clocks say, and wherever one is killed; within the poll interval, and whether
 * or not any node has a handler for the kind. A node that does not know a schedule's time zone
 * leaves it to others.
 *
 * <p>Blocks; safe for use by many threads, as far as the transaction is.
 */
public interface Schedules {
  /**
   * Creates the schedule, or makes the one of that name so. Meant to be called at every start of a
   * host: a schedule that is so already is left alone, with what it missed; so it stays paused if
   * it was. Its next due time is counted anew, from now on, only when the timing has changed, a
   * window's target apart.
   *
   * @throws IllegalArgumentException when the arguments cannot be written as JSON
   * @throws UnknownUserException when it is owned by a user who does not exist
   */
  Schedule put(NewSchedule schedule);

  /**
   * As {@link #put}, only if the schedule exists and nobody has changed it since it was read: for
   * those who edit.
   *
   * @param version {@link Schedule#version()} as it was read
   * @throws UnknownScheduleException when there is none of that name
   * @throws StaleScheduleException when it has another version
   * @throws UnknownUserException when it is owned by a user who does not exist
   */
  Schedule replace(NewSchedule schedule, long version);

  /**
   * A schedule.
   *
   * @throws UnreadableScheduleException when this JVM does not know its time zone
   */
  Optional<Schedule> find(String name);

  /**
   * Schedules, by name.
   *
   * @throws UnreadableScheduleException when this JVM does not know the time zone of one of them
   */
  List<Schedule> list(ScheduleFilter filter, SchedulePage page);

  /**
   * Has it fire no more, nor what waits for its last job's end. Jobs that are enqueued already run.
   * Does nothing when it is paused already.
   *
   * @return false when there is no such schedule
   */
  boolean pause(String name);

  /**
   * Has it fire again, from now on: what was due during the pause does not count as missed. Does
   * nothing when it is active already.
   *
   * @return false when there is no such schedule
   */
  boolean resume(String name);

  /**
   * Deletes it. Jobs that are enqueued already run.
   *
   * @return false when there is no such schedule
   */
  boolean delete(String name);

  /**
   * Enqueues a job now, also when it is paused, with {@code manual} for its trigger. The next due
   * time stays. Unless overlapping is allowed, nothing is enqueued while the last job has not
   * ended, and this one counts as the last job then.
   *
   * @throws UnknownScheduleException when there is none of that name
   */
  Triggered trigger(String name);

  /**
   * When it would fire next, ascending; of a paused one, if it were resumed now.
   *
   * @param count how many, from 1 to 10,000
   * @throws UnknownScheduleException when there is none of that name
   */
  List<Instant> nextRuns(String name, int count);

  /**
   * The schedule's window if it is open now, by the database's clock; also empty when it is paused,
   * has no window, or there is no such schedule.
   */
  Optional<OpenWindow> openWindow(String name);

  /** The windows among these schedules that are open now, by the schedules' names. */
  List<OpenWindow> openWindows(ScheduleFilter filter);
}
