package dev.plinth.jobs;

import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.spi.Args;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Collects what a new batch is to be; {@link #create()} writes it. Immutable. */
public final class NewBatch {
  private final Function<NewBatch, BatchId> create;
  private final String name;
  private final @Nullable UUID owner;
  private final @Nullable Callback<?> callback;

  private NewBatch(
      Function<NewBatch, BatchId> create,
      String name,
      @Nullable UUID owner,
      @Nullable Callback<?> callback) {
    this.create = create;
    this.name = Args.text(name, 255, "name");
    this.owner = owner;
    this.callback = callback;
  }

  /**
   * Begins one; for {@link JobQueue} implementations.
   *
   * @param create writes it
   */
  public static NewBatch named(String name, Function<NewBatch, BatchId> create) {
    return new NewBatch(create, name, null, null);
  }

  /** The same, owned by a user. */
  public NewBatch owner(UUID user) {
    return new NewBatch(create, name, Args.notNull(user, "user"), callback);
  }

  /**
   * The same with a job to enqueue when the batch ends, well or not: exactly once, in the
   * transaction that records the end. It belongs to the batch's owner and not to the batch.
   */
  public <A> NewBatch onCompletion(JobKind<A> kind, A args) {
    return new NewBatch(
        create,
        name,
        owner,
        new Callback<>(Args.notNull(kind, "kind"), Args.notNull(args, "args")));
  }

  /**
   * Writes it, open for jobs.
   *
   * @throws UnknownUserException when the owner does not exist
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

  /** The job to enqueue when it ends, or null. */
  public @Nullable Callback<?> callback() {
    return callback;
  }

  /**
   * A job to enqueue.
   *
   * @param kind its kind
   * @param args its arguments
   * @param <A> the arguments
   */
  public record Callback<A>(JobKind<A> kind, A args) {}
}
