package dev.plinth.jobs;

import dev.plinth.core.spi.Args;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which jobs to list; what is null does not matter. Immutable. Each of these alone is found by an
 * index, and several together by one of theirs; {@code COMPLETED} and {@code CANCELLED} alone walk
 * the record backwards.
 *
 * @param user its owner
 * @param type the name of its kind
 * @param status where it stands
 * @param batch its batch
 * @param parent its parent
 * @param definition what it is a run of
 * @param subject what it is about
 * @param trigger what set it off
 */
public record JobFilter(
    @Nullable UUID user,
    @Nullable String type,
    @Nullable JobStatus status,
    @Nullable BatchId batch,
    @Nullable JobId parent,
    @Nullable String definition,
    @Nullable String subject,
    @Nullable String trigger) {
  private static final JobFilter ALL =
      new JobFilter(null, null, null, null, null, null, null, null);

  /** Every job. */
  public static JobFilter all() {
    return ALL;
  }

  /** The same, of this owner. */
  public JobFilter user(UUID user) {
    Args.notNull(user, "user");
    return new JobFilter(user, type, status, batch, parent, definition, subject, trigger);
  }

  /** The same, of this kind. */
  public JobFilter type(JobKind<?> kind) {
    String name = Args.notNull(kind, "kind").name();
    return new JobFilter(user, name, status, batch, parent, definition, subject, trigger);
  }

  /** The same, standing there. */
  public JobFilter status(JobStatus status) {
    Args.notNull(status, "status");
    return new JobFilter(user, type, status, batch, parent, definition, subject, trigger);
  }

  /** The same, in this batch. */
  public JobFilter batch(BatchId batch) {
    Args.notNull(batch, "batch");
    return new JobFilter(user, type, status, batch, parent, definition, subject, trigger);
  }

  /** The same, under this parent. */
  public JobFilter parent(JobId parent) {
    Args.notNull(parent, "parent");
    return new JobFilter(user, type, status, batch, parent, definition, subject, trigger);
  }

  /** The same, runs of this definition. */
  public JobFilter definition(String definition) {
    Args.text(definition, 255, "definition");
    return new JobFilter(user, type, status, batch, parent, definition, subject, trigger);
  }

  /** The same, about this subject. */
  public JobFilter subject(String subject) {
    Args.text(subject, 255, "subject");
    return new JobFilter(user, type, status, batch, parent, definition, subject, trigger);
  }

  /** The same, set off by this. */
  public JobFilter trigger(String trigger) {
    Args.text(trigger, 50, "trigger");
    return new JobFilter(user, type, status, batch, parent, definition, subject, trigger);
  }
}
