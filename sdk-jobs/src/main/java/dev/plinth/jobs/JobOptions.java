package dev.plinth.jobs;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How a job is enqueued, where that differs from its kind's defaults. Immutable; start from {@link
 * #defaults()}.
 *
 * <p>Each option has a method that gives the same options with another value, and one of the same
 * name without arguments that tells it.
 */
public final class JobOptions {
  private static final Instant EARLIEST = Instant.parse("2000-01-01T00:00:00Z");
  private static final Instant LATEST = Instant.parse("+10000-01-01T00:00:00Z");

  private static final Option<Duration> DELAY = new Option<>("delay", Duration.class);
  private static final Option<Instant> RUN_AT = new Option<>("runAt", Instant.class);
  private static final Option<Integer> PRIORITY = new Option<>("priority", Integer.class);
  private static final Option<UUID> USER = new Option<>("user", UUID.class);
  private static final Option<String> QUEUE = new Option<>("queue", String.class);
  private static final Option<Integer> MAX_ATTEMPTS = new Option<>("maxAttempts", Integer.class);
  private static final Option<JobId> PARENT = new Option<>("parent", JobId.class);
  private static final Option<BatchId> BATCH = new Option<>("batch", BatchId.class);
  private static final Option<String> DEFINITION = new Option<>("definition", String.class);
  private static final Option<String> SUBJECT = new Option<>("subject", String.class);
  private static final Option<String> TRIGGER = new Option<>("trigger", String.class);
  private static final Option<Json> METADATA = new Option<>("metadata", Json.class);
  private static final Option<String> LIMIT_KEY = new Option<>("limitKey", String.class);
  private static final Option<Instant> DEADLINE = new Option<>("deadline", Instant.class);
  private static final Option<Duration> TIMEOUT = new Option<>("timeout", Duration.class);

  /** Parents as keys, as {@link #after()} gives them. */
  private static final Option<Edges> AFTER = new Option<>("after", Edges.class);

  private static final Option<Unique> UNIQUE = new Option<>("unique", Unique.class);

  private static final JobOptions DEFAULTS = new JobOptions(Map.of());

  /** What differs from the defaults. A new option is a constant and two methods. */
  private final Map<Option<?>, Object> given;

  /** Compared by identity: the constants above are all there are. */
  private static final class Option<T> {
    final String name;
    final Class<T> type;

    Option(String name, Class<T> type) {
      this.name = name;
      this.type = type;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private record Edges(Map<JobId, OnFailure> parents) {}

  private JobOptions(Map<Option<?>, Object> given) {
    this.given = given;
  }

  private <T> JobOptions with(Option<T> option, T value) {
    Map<Option<?>, Object> next = new LinkedHashMap<>(given);
    next.put(option, value);
    return new JobOptions(next);
  }

  private <T> @Nullable T get(Option<T> option) {
    return option.type.cast(given.get(option));
  }

  /** At once, priority 0, nobody's, no parent, no batch. */
  public static JobOptions defaults() {
    return DEFAULTS;
  }

  /** The same, not before this time has passed by the database's clock; at most a hundred years. */
  public JobOptions delay(Duration delay) {
    Args.notNull(delay, "delay");
    Args.check(runAt() == null, "delay must not be combined with runAt");
    Args.check(!delay.isNegative(), "delay must not be negative, but is " + delay);
    Args.check(
        delay.compareTo(Duration.ofDays(36_525)) <= 0, "delay must be at most a hundred years");
    return with(DELAY, delay);
  }

  /** Not before this time has passed; or null. */
  public @Nullable Duration delay() {
    return get(DELAY);
  }

  /**
   * The same, not before this time, by the database's clock, from the year 2000 to 9999; instead of
   * a delay.
   */
  public JobOptions runAt(Instant runAt) {
    Args.notNull(runAt, "runAt");
    Args.check(delay() == null, "delay must not be combined with runAt");
    return with(RUN_AT, storable(runAt, "runAt"));
  }

  /** Not before this time; or null. */
  public @Nullable Instant runAt() {
    return get(RUN_AT);
  }

  /** The same with another priority, from -100 to 100; higher runs sooner. */
  public JobOptions priority(int priority) {
    return with(PRIORITY, Args.range(priority, -100, 100, "priority"));
  }

  /** Higher runs sooner; 0 unless set. */
  public int priority() {
    Integer priority = get(PRIORITY);
    return priority == null ? 0 : priority;
  }

  /** The same, owned by a user. */
  public JobOptions user(UUID user) {
    return with(USER, Args.notNull(user, "user"));
  }

  /** Who owns it, a user's id; or null. */
  public @Nullable UUID user() {
    return get(USER);
  }

  /** The same in another queue, at most 100 characters. */
  public JobOptions queue(String queue) {
    return with(QUEUE, Args.text(queue, 100, "queue"));
  }

  /** The queue; null for the kind's own. */
  public @Nullable String queue() {
    return get(QUEUE);
  }

  /** The same with another number of attempts, from 1 to 1,000,000. */
  public JobOptions maxAttempts(int maxAttempts) {
    return with(MAX_ATTEMPTS, Args.range(maxAttempts, 1, 1_000_000, "maxAttempts"));
  }

  /** Attempts in all; null for the kind's own. */
  public @Nullable Integer maxAttempts() {
    return get(MAX_ATTEMPTS);
  }

  /** The same under a parent. */
  public JobOptions parent(JobId parent) {
    return with(PARENT, Args.notNull(parent, "parent"));
  }

  /** The job it belongs under; or null. */
  public @Nullable JobId parent() {
    return get(PARENT);
  }

  /** The same in a batch, which must be open. */
  public JobOptions batch(BatchId batch) {
    return with(BATCH, Args.notNull(batch, "batch"));
  }

  /** The batch it belongs to; or null. */
  public @Nullable BatchId batch() {
    return get(BATCH);
  }

  /**
   * The same as a run of something in the host's words, such as a workflow's id or an agent's type;
   * at most 255 characters.
   */
  public JobOptions definition(String definition) {
    return with(DEFINITION, Args.text(definition, 255, "definition"));
  }

  /** What it is a run of; or null. */
  public @Nullable String definition() {
    return get(DEFINITION);
  }

  /**
   * The same about something in the host's words, such as a thread's or an order's id; at most 255
   * characters.
   */
  public JobOptions subject(String subject) {
    return with(SUBJECT, Args.text(subject, 255, "subject"));
  }

  /** What it is about; or null. */
  public @Nullable String subject() {
    return get(SUBJECT);
  }

  /**
   * The same, set off by this: {@code manual}, {@code schedule}, {@code webhook}, {@code api} or a
   * word of the host's, of at most 50 characters.
   */
  public JobOptions trigger(String trigger) {
    return with(TRIGGER, Args.text(trigger, 50, "trigger"));
  }

  /** What set it off; or null. */
  public @Nullable String trigger() {
    return get(TRIGGER);
  }

  /** The same with whatever else the host wants to keep with it, an object. */
  public JobOptions metadata(Json metadata) {
    return with(METADATA, Args.notNull(metadata, "metadata").requireObject("metadata"));
  }

  /** What else is kept with it; or null. */
  public @Nullable Json metadata() {
    return get(METADATA);
  }

  /** The same, counted under this key by the limits of its kind; at most 255 characters. */
  public JobOptions limitKey(String limitKey) {
    return with(LIMIT_KEY, Args.text(limitKey, 255, "limitKey"));
  }

  /** The key under which limits count it; or null. */
  public @Nullable String limitKey() {
    return get(LIMIT_KEY);
  }

  /**
   * The same, to have ended by this time, by the database's clock, from the year 2000 to 9999; else
   * it is failed.
   */
  public JobOptions deadline(Instant deadline) {
    return with(DEADLINE, storable(Args.notNull(deadline, "deadline"), "deadline"));
  }

  /** When it must have ended; or null. */
  public @Nullable Instant deadline() {
    return get(DEADLINE);
  }

  /**
   * The same, with so long for each attempt, from a millisecond to a year; an attempt that takes
   * longer is interrupted and has failed.
   */
  public JobOptions timeout(Duration timeout) {
    Args.positive(timeout, "timeout");
    Args.check(
        timeout.compareTo(Duration.ofDays(366)) <= 0
            && timeout.compareTo(Duration.ofMillis(1)) >= 0,
        "timeout must be from a millisecond to a year, but is " + timeout);
    return with(TIMEOUT, timeout);
  }

  /** How long an attempt may take; null for the kind's own. */
  public @Nullable Duration timeout() {
    return get(TIMEOUT);
  }

  /**
   * The same, waiting for these jobs to complete, in addition to those named before; cancelled when
   * one of them does not.
   */
  public JobOptions after(JobId... parents) {
    return after(OnFailure.CANCEL, parents);
  }

  /** The same, waiting for these jobs, in addition to those named before. */
  public JobOptions after(OnFailure onFailure, JobId... parents) {
    return after(onFailure, Arrays.asList(Args.notNull(parents, "parents")));
  }

  /**
   * The same, waiting for these jobs, in addition to those named before; at most 100,000 in all.
   * They must exist, and may have ended. A delay counts from the enqueueing and not from their end.
   *
   * @param onFailure what becomes of the job when one of them does not complete
   */
  public JobOptions after(OnFailure onFailure, Collection<JobId> parents) {
    Args.notNull(onFailure, "onFailure");
    Map<JobId, OnFailure> next = new LinkedHashMap<>(after());
    for (JobId parent : Args.notNull(parents, "parents")) {
      next.put(Args.notNull(parent, "parents"), onFailure);
    }
    Args.check(next.size() <= 100_000, "parents must be at most 100,000, but are " + next.size());
    return with(AFTER, new Edges(Collections.unmodifiableMap(next)));
  }

  /** The jobs it waits for, and what becomes of it when they do not complete. */
  public Map<JobId, OnFailure> after() {
    Edges edges = get(AFTER);
    return edges == null ? Map.of() : edges.parents();
  }

  /** The same, unless a job of its type holds the key; see {@link Unique}. */
  public JobOptions unique(Unique unique) {
    return with(UNIQUE, Args.notNull(unique, "unique"));
  }

  /** By what it is the only one of its type; or null. */
  public @Nullable Unique unique() {
    return get(UNIQUE);
  }

  private static Instant storable(Instant time, String name) {
    Args.check(
        !time.isBefore(EARLIEST) && time.isBefore(LATEST),
        name + " must be from the year 2000 to 9999, but is " + time);
    return time;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof JobOptions that && given.equals(that.given);
  }

  @Override
  public int hashCode() {
    return given.hashCode();
  }

  /** What differs from the defaults. */
  @Override
  public String toString() {
    return "JobOptions" + given;
  }
}
