package dev.plinth.jobs;

import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.spi.Args;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Collects what a new batch is to be; {@link #create()} writes it. Immutable.
 *
 * <p>A callback is a job that is enqueued when the batch ends: exactly once, in the transaction
 * that records the end. It belongs to the batch's owner and tenant, and not to the batch. A batch
 * may have one of each kind; {@link #onCompletion} and one of the others are then both enqueued.
 */
public final class NewBatch {
  /** How many batches may lie within one another, the outermost included. */
  public static final int MAX_DEPTH = 16;

  private final Function<NewBatch, BatchId> create;
  private final String name;
  private final @Nullable UUID owner;
  private final @Nullable BatchId parent;
  private final Callbacks callbacks;

  private record Callbacks(
      @Nullable Callback<?> always, @Nullable Callback<?> success, @Nullable Callback<?> failure) {}

  private NewBatch(
      Function<NewBatch, BatchId> create,
      String name,
      @Nullable UUID owner,
      @Nullable BatchId parent,
      Callbacks callbacks) {
    this.create = create;
    this.name = Args.text(name, 255, "name");
    this.owner = owner;
    this.parent = parent;
    this.callbacks = callbacks;
  }

  /**
   * Begins one; for {@link JobQueue} implementations.
   *
   * @param create writes it
   */
  public static NewBatch named(String name, Function<NewBatch, BatchId> create) {
    return new NewBatch(create, name, null, null, new Callbacks(null, null, null));
  }

  /** The same, owned by a user. */
  public NewBatch owner(UUID user) {
    return new NewBatch(create, name, Args.notNull(user, "user"), parent, callbacks);
  }

  /**
   * The same within another batch, which must be open and ends only after this one; this one's end
   * counts there once, as a job's would. At most {@value #MAX_DEPTH} batches within one another.
   */
  public NewBatch parent(BatchId parent) {
    return new NewBatch(create, name, owner, Args.notNull(parent, "parent"), callbacks);
  }

  /** The same with a job to enqueue when the batch ends, well or not. */
  public <A> NewBatch onCompletion(JobKind<A> kind, A args) {
    return onCompletion(Callback.of(kind, args));
  }

  /** The same with a job to enqueue when the batch ends, well or not. */
  public NewBatch onCompletion(Callback<?> callback) {
    return with(
        new Callbacks(
            Args.notNull(callback, "callback"), callbacks.success(), callbacks.failure()));
  }

  /** The same with a job to enqueue when the batch ends with nothing failed or cancelled. */
  public <A> NewBatch onSuccess(JobKind<A> kind, A args) {
    return onSuccess(Callback.of(kind, args));
  }

  /** The same with a job to enqueue when the batch ends with nothing failed or cancelled. */
  public NewBatch onSuccess(Callback<?> callback) {
    return with(
        new Callbacks(callbacks.always(), Args.notNull(callback, "callback"), callbacks.failure()));
  }

  /** The same with a job to enqueue when the batch ends with something failed or cancelled. */
  public <A> NewBatch onFailure(JobKind<A> kind, A args) {
    return onFailure(Callback.of(kind, args));
  }

  /** The same with a job to enqueue when the batch ends with something failed or cancelled. */
  public NewBatch onFailure(Callback<?> callback) {
    return with(
        new Callbacks(callbacks.always(), callbacks.success(), Args.notNull(callback, "callback")));
  }

  private NewBatch with(Callbacks changed) {
    return new NewBatch(create, name, owner, parent, changed);
  }

  /**
   * Writes it, open for jobs.
   *
   * @throws UnknownUserException when the owner does not exist
   * @throws BatchClosedException when the batch around it takes no more, or does not exist
   * @throws BatchDepthException when too many batches would lie within one another
   */
  public BatchId create() {
    return create.apply(this);
  }

  /** Its name. */
  public String name() {
    return name;
  }

  /** Its owner, or null. */
  public @Nullable UUID owner() {
    return owner;
  }

  /** The batch around it, or null. */
  public @Nullable BatchId parent() {
    return parent;
  }

  /** The job to enqueue when it ends, well or not; or null. */
  public @Nullable Callback<?> callback() {
    return callbacks.always();
  }

  /** The job to enqueue when it ends well; or null. */
  public @Nullable Callback<?> successCallback() {
    return callbacks.success();
  }

  /** The job to enqueue when it does not end well; or null. */
  public @Nullable Callback<?> failureCallback() {
    return callbacks.failure();
  }

  /**
   * A job to enqueue. Immutable; start from {@link #of}.
   *
   * @param kind its kind
   * @param args its arguments
   * @param queue its queue; null for the kind's own
   * @param priority higher runs sooner, from -100 to 100
   * @param <A> the arguments
   */
  public record Callback<A>(JobKind<A> kind, A args, @Nullable String queue, int priority) {
    /** Checks the arguments. */
    public Callback {
      Args.notNull(kind, "kind");
      Args.notNull(args, "args");
      if (queue != null) {
        Args.text(queue, 100, "queue");
      }
      Args.range(priority, -100, 100, "priority");
    }

    /** In the kind's own queue, with priority 0. */
    public static <A> Callback<A> of(JobKind<A> kind, A args) {
      return new Callback<>(kind, args, null, 0);
    }

    /** The same in another queue. */
    public Callback<A> queue(String queue) {
      return new Callback<>(kind, args, Args.notNull(queue, "queue"), priority);
    }

    /** The same with another priority; higher runs sooner. */
    public Callback<A> priority(int priority) {
      return new Callback<>(kind, args, queue, priority);
    }
  }
}
