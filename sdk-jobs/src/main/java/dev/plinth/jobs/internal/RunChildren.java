package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.jobs.Children;
import dev.plinth.jobs.JobGraph;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobKind;
import dev.plinth.jobs.JobOptions;
import dev.plinth.jobs.JobRun;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Enqueues under a run's job, behind its fence. */
final class RunChildren implements Children {
  private final JobRun run;
  private final TxJobQueue queue;

  /**
   * In a scope.
   *
   * @param queueIn makes the queue that works in a scope
   */
  RunChildren(JobRun run, TxScope scope, Function<TxScope, TxJobQueue> queueIn) {
    this.run = run;
    this.queue = queueIn.apply(new Fenced(run, scope));
  }

  @Override
  public <A> List<JobId> enqueueAll(JobKind<A> kind, List<A> args, JobOptions options) {
    return queue.enqueueAll(kind, args, underRun(Args.notNull(options, "options")));
  }

  @Override
  public Map<String, JobId> enqueue(JobGraph graph) {
    return queue.enqueue(graph, this::underRun);
  }

  private JobOptions underRun(JobOptions options) {
    Args.check(
        options.parent() == null,
        "options must not name a parent: what a run enqueues has the run's job as its parent");
    return options.parent(run.id());
  }

  /** Takes the fence first, in the transaction that enqueues. */
  private record Fenced(JobRun run, TxScope scope) implements TxScope {
    @Override
    public <T extends @Nullable Object> T returning(TxFunction<T, RuntimeException> work) {
      return scope.returning(
          tx -> {
            run.fence(tx.connection());
            return work.apply(tx);
          });
    }
  }
}
