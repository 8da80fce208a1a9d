package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.batch.GroupCommit;
import dev.plinth.core.json.Json;
import dev.plinth.core.notify.PreparedNotification;
import dev.plinth.core.spi.Writable;
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
final class SharedEnqueue implements GroupCommit.Batch<SharedEnqueue.Item, Optional<JobId>> {
  private static final int MAX_BATCH = 500;
  private static final int MAX_WAITING = 100_000;

  private final Plinth plinth;
  private final Enqueue enqueue;
  private final Hints hints;
  private final KnownUser users;
  private final GroupCommit<Item, Optional<JobId>> together;

  SharedEnqueue(Plinth plinth, KnownUser users, Enqueue enqueue, Hints hints) {
    this.plinth = plinth;
    this.enqueue = enqueue;
    this.hints = hints;
    this.users = users;
    this.together = plinth.groupCommit("jobs.enqueue", MAX_BATCH, MAX_WAITING, this);
  }

  /** One job. */
  record Item(Enqueue.Common common, Json args) {
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
   */
  Optional<JobId> write(Enqueue.Common common, Json args) {
    return together.call(new Item(common, args));
  }

  /** Jobs that are alike and of no user, the most common case. */
  @Override
  public boolean isOneStatement(List<Item> items) {
    Enqueue.Common first = items.get(0).common();
    return enqueue.isOneStatement(first, items.size())
        && items.stream().allMatch(item -> item.common().equals(first));
  }

  @Override
  public List<Optional<JobId>> write(Tx tx, List<Item> items) {
    return isOneStatement(items) ? writeAlike(tx, items) : writeAll(tx, items);
  }

  private List<Optional<JobId>> writeAlike(Tx tx, List<Item> items) {
    Enqueue.Common common = items.get(0).common();
    PreparedNotification notification = hints.readyBy(tx, common.queue()).orElse(null);
    List<Json> args = items.stream().map(Item::args).toList();
    return enqueue.writeByOneStatement(Writable.require(tx), common, args, notification).stream()
        .map(Optional::of)
        .toList();
  }

  private List<Optional<JobId>> writeAll(Tx tx, List<Item> items) {
    Set<UUID> known =
        users.free(
            Writable.require(tx), items.stream().flatMap(item -> item.user().stream()).toList());
    Map<Enqueue.Common, List<Json>> alike = new LinkedHashMap<>();
    for (Item item : items) {
      if (item.user().map(known::contains).orElse(true)) {
        alike.computeIfAbsent(item.common(), any -> new ArrayList<>()).add(item.args());
      }
    }
    Map<Enqueue.Common, List<JobId>> written = new LinkedHashMap<>();
    alike.forEach((common, args) -> written.put(common, enqueue.write(tx, common, args)));
    alike.keySet().stream()
        .map(Enqueue.Common::queue)
        .distinct()
        .forEach(queue -> hints.ready(tx, queue));
    return inOrder(items, written);
  }

  private static List<Optional<JobId>> inOrder(
      List<Item> items, Map<Enqueue.Common, List<JobId>> written) {
    Map<Enqueue.Common, Integer> next = new LinkedHashMap<>();
    List<Optional<JobId>> results = new ArrayList<>();
    for (Item item : items) {
      List<JobId> ids = written.get(item.common());
      results.add(
          ids == null
              ? Optional.empty()
              : Optional.of(ids.get(next.merge(item.common(), 1, Integer::sum) - 1)));
    }
    return results;
  }
}
