package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Attempt;
import dev.plinth.jobs.Batch;
import dev.plinth.jobs.BatchFilter;
import dev.plinth.jobs.BatchId;
import dev.plinth.jobs.BatchPage;
import dev.plinth.jobs.CancelResult;
import dev.plinth.jobs.Cancellation;
import dev.plinth.jobs.Dependency;
import dev.plinth.jobs.Enqueued;
import dev.plinth.jobs.Explanation;
import dev.plinth.jobs.Fault;
import dev.plinth.jobs.Job;
import dev.plinth.jobs.JobFilter;
import dev.plinth.jobs.JobGraph;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobKind;
import dev.plinth.jobs.JobOptions;
import dev.plinth.jobs.JobQueue;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.JobStep;
import dev.plinth.jobs.NewBatch;
import dev.plinth.jobs.OnFailure;
import dev.plinth.jobs.Page;
import dev.plinth.jobs.Unique;
import dev.plinth.jobs.schedule.Schedules;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** {@link JobQueue} in a scope: one transaction, or a short one for each call. */
public final class TxJobQueue implements JobQueue {
  private final Plinth plinth;
  private final Statements statements;
  private final TxScope scope;
  private final @Nullable SharedEnqueue shared;

  private TxJobQueue(
      Plinth plinth, Statements statements, TxScope scope, @Nullable SharedEnqueue shared) {
    this.plinth = plinth;
    this.statements = statements;
    this.scope = scope;
    this.shared = shared;
  }

  /**
   * Works in the thread's current transaction or a short one of its own, which threads that enqueue
   * at the same time share.
   */
  public static TxJobQueue standalone(Plinth plinth, Statements statements) {
    return new TxJobQueue(
        plinth, statements, TxScope.standalone(plinth), statements.sharedEnqueue(plinth));
  }

  /** Works in the given transaction. */
  public static TxJobQueue of(Plinth plinth, Statements statements, Tx tx) {
    return new TxJobQueue(plinth, statements, TxScope.of(tx), null);
  }

  /** Works in a scope that is none of these. */
  static TxJobQueue in(Plinth plinth, Statements statements, TxScope scope) {
    return new TxJobQueue(plinth, statements, scope, null);
  }

  @Override
  public <A> List<JobId> enqueueAll(JobKind<A> kind, List<A> args, JobOptions options) {
    Args.notNull(kind, "kind");
    Args.notNull(options, "options");
    List<Json> documents =
        Args.notNull(args, "args").stream()
            .map(arg -> plinth.json().write(Args.notNull(arg, "args")))
            .toList();
    if (documents.isEmpty()) {
      return List.of();
    }
    if (options.unique() != null) {
      return enqueueUnique(kind, documents, options, options.unique()).stream()
          .map(Enqueued::id)
          .toList();
    }
    if (shared != null && documents.size() == 1 && shared.takes(options)) {
      Optional<JobId> id = shared.write(common(null, kind, options, false), documents.get(0));
      if (id.isPresent()) {
        return List.of(id.get());
      }
    }
    return scope.returning(
        tx -> {
          Writable.require(tx);
          Map<JobId, OnFailure> after = statements.graph().open(tx, options.after());
          List<JobId> ids = write(tx, kind, documents, options, !after.isEmpty());
          statements.links().outside(tx, ids, after);
          return ids;
        });
  }

  /** Writes jobs of one kind and options; those that wait need edges besides. */
  List<JobId> write(
      Tx tx, JobKind<?> kind, List<Json> documents, JobOptions options, boolean waits) {
    Args.check(
        options.unique() == null,
        "options of a job in a graph must not be unique, since the graph needs each of its jobs");
    statements.knownUser().require(tx, options.user());
    if (options.batch() != null) {
      statements.batches().add(tx, options.batch(), documents.size());
    }
    Enqueue.Common common = common(tx.tenantId().orElse(null), kind, options, waits);
    List<JobId> ids = statements.enqueue().write(tx, common, documents);
    if (!waits) {
      statements.hints().ready(tx, common.queue());
    }
    return ids;
  }

  @Override
  public Map<String, JobId> enqueue(JobGraph graph) {
    return enqueue(graph, options -> options);
  }

  /** The same with each job's options changed. */
  Map<String, JobId> enqueue(JobGraph graph, UnaryOperator<JobOptions> change) {
    EnqueueGraph enqueue =
        new EnqueueGraph(plinth.json(), statements, Args.notNull(graph, "graph"), change);
    return enqueue.isEmpty()
        ? Map.of()
        : scope.returning(tx -> enqueue.write(Writable.require(tx), this));
  }

  @Override
  public <A> Enqueued enqueueOrFind(JobKind<A> kind, A args, JobOptions options) {
    Args.notNull(kind, "kind");
    Args.notNull(options, "options");
    Json document = plinth.json().write(Args.notNull(args, "args"));
    return options.unique() == null
        ? new Enqueued.Fresh(enqueue(kind, args, options))
        : enqueueUnique(kind, List.of(document), options, options.unique()).get(0);
  }

  private List<Enqueued> enqueueUnique(
      JobKind<?> kind, List<Json> documents, JobOptions options, Unique unique) {
    Args.check(
        documents.size() == 1 || unique.key() == null,
        "args must be one where the options say Unique.byKey, since all would have the same key:"
            + " use Unique.byArgs() for many");
    return scope.returning(
        tx -> {
          Writable.require(tx);
          statements.knownUser().require(tx, options.user());
          BatchId batch = options.batch();
          if (batch != null) {
            // First, so that a batch that takes no jobs leaves nothing behind.
            statements.batches().add(tx, batch, 0);
          }
          Map<JobId, OnFailure> after = statements.graph().open(tx, options.after());
          boolean waits = !after.isEmpty();
          Enqueue.Common common = common(tx.tenantId().orElse(null), kind, options, waits);
          List<Enqueued> results =
              statements
                  .control()
                  .uniqueKeys()
                  .claim(tx, common.tenant(), common.type(), unique, documents);
          List<JobId> ids = new ArrayList<>();
          List<Json> fresh = new ArrayList<>();
          for (int i = 0; i < results.size(); i++) {
            if (results.get(i) instanceof Enqueued.Fresh job) {
              ids.add(job.id());
              fresh.add(documents.get(i));
            }
          }
          if (!ids.isEmpty()) {
            if (batch != null) {
              statements.batches().add(tx, batch, ids.size());
            }
            statements.enqueue().write(tx, common, ids, fresh);
            statements.links().outside(tx, ids, after);
            if (!waits) {
              statements.hints().ready(tx, common.queue());
            }
          }
          return results;
        });
  }

  private static Enqueue.Common common(
      @Nullable String tenant, JobKind<?> kind, JobOptions options, boolean waits) {
    return new Enqueue.Common(
        tenant,
        kind.name(),
        kind.version(),
        options.queue() == null ? kind.queue() : options.queue(),
        options.maxAttempts() == null ? kind.retryPolicy().maxAttempts() : options.maxAttempts(),
        options,
        waits);
  }

  @Override
  public NewBatch batch(String name) {
    return NewBatch.named(name, this::create);
  }

  private BatchId create(NewBatch batch) {
    Batches.Callbacks callbacks =
        new Batches.Callbacks(
            document(batch.callback()),
            document(batch.successCallback()),
            document(batch.failureCallback()));
    return scope.returning(
        tx -> {
          Writable.require(tx);
          statements.knownUser().require(tx, batch.owner());
          UUID id = plinth.ids().next();
          statements
              .batches()
              .create(tx, id, batch.owner(), batch.name(), batch.parent(), callbacks);
          return new BatchId(id);
        });
  }

  private @Nullable Json document(NewBatch.@Nullable Callback<?> callback) {
    if (callback == null) {
      return null;
    }
    JobKind<?> kind = callback.kind();
    return plinth
        .json()
        .write(
            new EndBatches.Callback(
                kind.name(),
                kind.version(),
                callback.queue() == null ? kind.queue() : callback.queue(),
                callback.priority(),
                kind.retryPolicy().maxAttempts(),
                plinth.json().write(callback.args()).text()));
  }

  @Override
  public boolean seal(BatchId batch) {
    Args.notNull(batch, "batch");
    return scope.returning(
        tx -> {
          boolean exists = statements.batches().seal(Writable.require(tx), batch);
          statements.hints().anything(tx);
          return exists;
        });
  }

  @Override
  public Optional<Batch> batch(BatchId id) {
    Args.notNull(id, "id");
    return scope.returning(tx -> statements.readBatches().find(tx, id));
  }

  @Override
  public List<Batch> batches(BatchFilter filter, BatchPage page) {
    Args.notNull(filter, "filter");
    Args.notNull(page, "page");
    return scope.returning(tx -> statements.readBatches().list(tx, filter, page));
  }

  @Override
  public Optional<Job> find(JobId id) {
    Args.notNull(id, "id");
    return scope.returning(tx -> statements.read().find(tx, id));
  }

  @Override
  public List<Attempt> attempts(JobId id) {
    Args.notNull(id, "id");
    return scope.returning(tx -> statements.read().attempts(tx, id));
  }

  @Override
  public List<JobStep> steps(JobId id) {
    Args.notNull(id, "id");
    return scope.returning(tx -> statements.steps().steps(tx, id));
  }

  @Override
  public List<Dependency> waitsFor(JobId id) {
    Args.notNull(id, "id");
    return scope.returning(tx -> statements.graph().waitsFor(tx, id));
  }

  @Override
  public List<Job> list(JobFilter filter, Page page) {
    Args.notNull(filter, "filter");
    Args.notNull(page, "page");
    return scope.returning(tx -> statements.read().list(tx, filter, page));
  }

  @Override
  public boolean retry(JobId id) {
    Args.notNull(id, "id");
    return scope.returning(
        tx -> {
          Optional<String> queue = statements.retry().run(Writable.require(tx), id);
          queue.ifPresent(name -> statements.hints().ready(tx, name));
          return queue.isPresent();
        });
  }

  @Override
  public Optional<Explanation> explain(JobId id) {
    Args.notNull(id, "id");
    return scope.returning(tx -> statements.explain().run(tx, id));
  }

  @Override
  public Schedules schedules() {
    return new TxSchedules(statements.schedules(), plinth.json(), scope);
  }

  @Override
  public int retryAll(JobFilter filter, int max) {
    Args.notNull(filter, "filter");
    Args.range(max, 1, 1_000_000, "max");
    Args.check(
        filter.status() == null || filter.status() == JobStatus.FAILED,
        "filter must have the status FAILED or none, but has " + filter.status());
    return new ByFilter(statements, scope).retry(filter, max);
  }

  @Override
  public CancelResult cancel(JobId id, Cancellation cancellation) {
    Args.notNull(id, "id");
    Args.notNull(cancellation, "cancellation");
    return scope.returning(
        tx ->
            statements
                .control()
                .cancelling()
                .run(Writable.require(tx), List.of(id.value()), cancellation)
                .getOrDefault(id.value(), CancelResult.NOT_PENDING));
  }

  @Override
  public int cancelAll(JobFilter filter, int max, Cancellation cancellation) {
    Args.notNull(filter, "filter");
    Args.range(max, 1, 1_000_000, "max");
    Args.notNull(cancellation, "cancellation");
    Args.check(
        filter.status() == null || !filter.status().isEnded(),
        "filter must have the status of pending jobs or none, but has " + filter.status());
    return new ByFilter(statements, scope).cancel(filter, max, cancellation);
  }

  @Override
  public List<Fault> check() {
    return shared != null
        ? plinth.transactSeparately(
            TxOptions.defaults()
                .withIsolation(TxOptions.Isolation.REPEATABLE_READ)
                .withAllTenants(),
            statements.invariants()::check)
        : scope.returning(statements.invariants()::check);
  }
}
