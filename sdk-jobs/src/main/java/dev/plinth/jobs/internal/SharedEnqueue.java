package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.batch.GroupCommit;
import dev.plinth.core.json.Json;
import dev.plinth.core.notify.PreparedNotification;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.OutcomeUnknownException;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Lets threads that enqueue at the same time, each outside of any transaction, share one: a commit
 * costs as much for many jobs as for one. A lone thread waits for nobody. Jobs that would make the
 * others wait for a lock, or that need more than their rows, do not take part.
 */
final class SharedEnqueue implements GroupCommit.Batch<SharedEnqueue.Item, Boolean> {
  private static final int MAX_BATCH = 500;
  private static final int MAX_WAITING = 100_000;
  private static final String THERE = "SELECT FROM {schema}.computational_jobs WHERE id = ?";

  private final Plinth plinth;
  private final Enqueue enqueue;
  private final Hints hints;
  private final KnownUser users;
  private final String there;
  private final GroupCommit<Item, Boolean> together;

  SharedEnqueue(Plinth plinth, KnownUser users, Enqueue enqueue, Hints hints) {
    this.plinth = plinth;
    this.enqueue = enqueue;
    this.hints = hints;
    this.users = users;
    this.there = plinth.schema().render(THERE);
    this.together = plinth.groupCommit("jobs.enqueue", MAX_BATCH, MAX_WAITING, this);
  }

  /** One job. */
  record Item(JobId id, Enqueue.Common common, Json args) {
    Optional<UUID> user() {
      return Optional.ofNullable(common.options().user());
    }
  }

  /** Whether a job of these options may be enqueued so from where the calling thread is. */
  boolean takes(JobOptions options) {
    return options.batch() == null
        && options.unique() == null
        && options.after().isEmpty()
        && !plinth.usesRowLevelSecurity()
        && !plinth.isInTransaction();
  }

  /**
   * Blocks until the job is durable.
   *
   * @return empty when its user is not there or is being changed: it is to be enqueued alone, which
   *     waits, and tells
   * @throws OutcomeUnknownException when the connection was lost meanwhile, and the job cannot be
   *     found: it may still come
   */
  Optional<JobId> write(Enqueue.Common common, Json args) {
    JobId id = enqueue.draw();
    try {
      return together.call(new Item(id, common, args)) ? Optional.of(id) : Optional.empty();
    } catch (OutcomeUnknownException e) {
      if (isThere(id, e)) {
        return Optional.of(id);
      }
      throw new OutcomeUnknownException(
          "The connection was lost while job "
              + id
              + " was written, and it is not there, or could not be looked for: it may or may not come. Look"
              + " for it by this id before enqueuing another",
          e);
    }
  }

  private boolean isThere(JobId id, OutcomeUnknownException unknown) {
    try {
      return plinth.executeAlone(
          tx -> Sql.first(tx.connection(), there, row -> true, id.value()).isPresent());
    } catch (RuntimeException e) {
      unknown.addSuppressed(e);
      return false;
    }
  }

  /** Jobs that are alike and of no user, the most common case. */
  @Override
  public boolean isOneStatement(List<Item> items) {
    Enqueue.Common first = items.get(0).common();
    return enqueue.isOneStatement(first, items.size())
        && items.stream().allMatch(item -> item.common().equals(first));
  }

  @Override
  public List<Boolean> write(Tx tx, List<Item> items) {
    Writable.require(tx);
    if (isOneStatement(items)) {
      Enqueue.Common common = items.get(0).common();
      PreparedNotification notification = hints.readyBy(tx, common.queue()).orElse(null);
      enqueue.writeByOneStatement(tx, common, ids(items), args(items), notification);
      return items.stream().map(each -> true).toList();
    }
    return writeAll(tx, items);
  }

  private List<Boolean> writeAll(Tx tx, List<Item> items) {
    Set<UUID> known = users.free(tx, items.stream().flatMap(item -> item.user().stream()).toList());
    List<Boolean> written =
        items.stream().map(item -> item.user().map(known::contains).orElse(true)).toList();
    Map<Enqueue.Common, List<Item>> alike = new LinkedHashMap<>();
    for (int i = 0; i < items.size(); i++) {
      if (written.get(i)) {
        alike.computeIfAbsent(items.get(i).common(), any -> new ArrayList<>()).add(items.get(i));
      }
    }
    alike.forEach((common, some) -> enqueue.write(tx, common, ids(some), args(some)));
    alike.keySet().stream()
        .map(Enqueue.Common::queue)
        .distinct()
        .forEach(queue -> hints.ready(tx, queue));
    return written;
  }

  private static List<JobId> ids(List<Item> items) {
    return items.stream().map(Item::id).toList();
  }

  private static List<Json> args(List<Item> items) {
    return items.stream().map(Item::args).toList();
  }
}
