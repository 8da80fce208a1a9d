package dev.plinth.jobs;

import dev.plinth.core.spi.Args;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * By what a job is the only one of its type, within its tenant, and for how long. While a job holds
 * the key, another of the same type and key is not enqueued: the caller is given the one that is
 * there. Immutable.
 *
 * <pre>{@code
 * jobs.enqueue(SYNC, args, JobOptions.defaults().unique(Unique.byKey("account-" + id)));
 * jobs.enqueue(REPORT, args, JobOptions.defaults().unique(Unique.byArgs().within(Duration.ofHours(1))));
 * }</pre>
 *
 * <p>Without more, a job holds its key until it has ended, well or not. The policy that counts is
 * that of the job which holds the key, not of the one that is refused. A job that was retried by
 * hand after another had taken its key runs beside that one.
 */
public final class Unique {
  private static final Set<JobStatus> UNTIL_ENDED =
      EnumSet.of(JobStatus.SCHEDULED, JobStatus.RETRYING, JobStatus.READY, JobStatus.RUNNING);

  private final @Nullable String key;
  private final @Nullable Duration window;
  private final Set<JobStatus> states;

  private Unique(@Nullable String key, @Nullable Duration window, Set<JobStatus> states) {
    this.key = key;
    this.window = window;
    this.states = Collections.unmodifiableSet(states);
  }

  /** By a key of the host's, at most 1,000 characters; for one job at a time. */
  public static Unique byKey(String key) {
    return new Unique(Args.text(key, 1000, "key"), null, UNTIL_ENDED);
  }

  /** By its arguments, compared as PostgreSQL compares {@code jsonb}. */
  public static Unique byArgs() {
    return new Unique(null, null, UNTIL_ENDED);
  }

  /**
   * The same, and only within one window of time: windows of this length follow on each other since
   * the beginning of 1970 (UTC) by the database's clock, so that there is one job for each hour of
   * the day, say. The key is held until the window ends, wherever the job stands, unless a method
   * called after this one says otherwise.
   *
   * @param window from a second to 366 days
   */
  public Unique within(Duration window) {
    Args.notNull(window, "window");
    Args.check(
        window.compareTo(Duration.ofSeconds(1)) >= 0 && window.compareTo(Duration.ofDays(366)) <= 0,
        "window must be from a second to 366 days, but is " + window);
    return new Unique(key, window, EnumSet.allOf(JobStatus.class));
  }

  /**
   * The same, but only while it waits: what happens after it has begun calls for another. A job
   * that goes back to waiting, after an error, say, holds its key again, unless another has taken
   * it meanwhile; then both run.
   */
  public Unique whileWaiting() {
    return whileIn(JobStatus.SCHEDULED, JobStatus.RETRYING, JobStatus.READY);
  }

  /** The same, until the job has ended, well or not. */
  public Unique untilEnded() {
    return new Unique(key, window, UNTIL_ENDED);
  }

  /**
   * The same, and for good once it has ended well; free again when it has failed or is cancelled.
   */
  public Unique untilFailed() {
    Set<JobStatus> held = EnumSet.copyOf(UNTIL_ENDED);
    held.add(JobStatus.COMPLETED);
    return new Unique(key, window, held);
  }

  /**
   * The same, while the job stands in one of these; free in all others. {@code READY} stands for
   * whatever waits for a parent or a limit, too; {@code WAITING} and {@code LIMITED} for those
   * alone.
   */
  public Unique whileIn(JobStatus... states) {
    Args.notNull(states, "states");
    Args.check(states.length > 0, "states must not be empty");
    Set<JobStatus> held = EnumSet.noneOf(JobStatus.class);
    Arrays.stream(states).forEach(state -> held.add(Args.notNull(state, "states")));
    return new Unique(key, window, held);
  }

  /** The host's key; null when it is the arguments. */
  public @Nullable String key() {
    return key;
  }

  /** The length of the windows, or null. */
  public @Nullable Duration window() {
    return window;
  }

  /** Where the job must stand to hold its key. */
  public Set<JobStatus> states() {
    return states;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Unique that
        && Objects.equals(key, that.key)
        && Objects.equals(window, that.window)
        && states.equals(that.states);
  }

  @Override
  public int hashCode() {
    return Objects.hash(key, window, states);
  }

  @Override
  public String toString() {
    return "Unique[by "
        + (key == null ? "arguments" : "key " + key)
        + (window == null ? "" : " within " + window)
        + " while "
        + states
        + "]";
  }
}
