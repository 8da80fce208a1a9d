package dev.plinth.jobs.internal;

import dev.plinth.core.event.Events;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.JobCompleted;
import dev.plinth.jobs.JobEnqueued;
import dev.plinth.jobs.JobId;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Announces how jobs of some types begin and end, in the transactions that write it. */
final class Audited {
  private final Set<String> types;
  private final Events events;

  Audited(Set<String> types, Events events) {
    this.types = types;
    this.events = events;
  }

  /** Whether the life of this type is announced. */
  boolean isOf(String type) {
    return types.contains(type);
  }

  void enqueued(Tx tx, Enqueue.Common common, List<JobId> jobs) {
    if (isOf(common.type())) {
      UUID user = common.options().user();
      jobs.forEach(
          job ->
              events.publish(
                  tx, new JobEnqueued(job, common.tenant(), user, common.type(), common.queue())));
    }
  }

  /** Those whose claim held. */
  void completed(Tx tx, List<Ending.Completed> endings, Collection<UUID> held) {
    if (types.isEmpty()) {
      return;
    }
    for (Ending.Completed ending : endings) {
      Claimed job = ending.job();
      if (isOf(job.type()) && held.contains(job.id())) {
        events.publish(
            tx,
            new JobCompleted(
                new JobId(job.id()), job.tenantId(), job.userId(), job.type(), job.attempt()));
      }
    }
  }
}
