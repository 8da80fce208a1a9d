package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.LostClaimException;
import dev.plinth.jobs.Step;
import dev.plinth.jobs.StepBody;
import dev.plinth.jobs.UnreadableStepException;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The steps of one run. Safe for use by the threads of its handler. */
final class RunSteps {
  private static final Logger log = LoggerFactory.getLogger(RunSteps.class);

  private final Plinth plinth;
  private final StepRows rows;
  private final ActiveRun run;
  private final Set<String> taken = ConcurrentHashMap.newKeySet();

  RunSteps(Plinth plinth, StepRows rows, ActiveRun run) {
    this.plinth = plinth;
    this.rows = rows;
    this.run = run;
  }

  <R extends @Nullable Object, X extends Exception> R run(
      Step step, Class<R> type, StepBody<R, X> body) throws X {
    Args.notNull(body, "body");
    StepRows.Named named = take(step, type);
    try {
      StepRows.Found found = alone(tx -> rows.begin(tx, run.job(), named)).orElseThrow(run::lost);
      if (found.completed()) {
        return read(step, type, found.output());
      }
    } catch (RuntimeException e) {
      // It has not begun here, so it may be tried again.
      taken.remove(step.name());
      throw e;
    }
    R result;
    Json output;
    try {
      result = body.run();
      output = result == null ? null : plinth.json().write(result);
    } catch (Throwable e) {
      failed(e, tx -> rows.end(tx, run.job(), step.name(), null, Failure.of(e).summary()));
      taken.remove(step.name());
      throw e;
    }
    if (!alone(tx -> rows.end(tx, run.job(), step.name(), output, null))) {
      throw run.lost();
    }
    return result;
  }

  <R extends @Nullable Object, X extends Exception> R runIn(
      Step step, Class<R> type, TxFunction<R, X> body) throws X {
    Args.notNull(body, "body");
    StepRows.Named named = take(step, type);
    AtomicReference<@Nullable Instant> startedAt = new AtomicReference<>();
    try {
      return plinth.transactReturning(
          options(),
          tx -> {
            StepRows.Found found = rows.find(tx, run.job(), step.name()).orElseThrow(run::lost);
            if (found.completed()) {
              return read(step, type, found.output());
            }
            startedAt.set(found.now());
            R result = body.apply(tx);
            Json output = result == null ? null : plinth.json().write(result);
            if (!rows.ended(tx, run.job(), named, output, null, found.now())) {
              throw run.lost();
            }
            return result;
          });
    } catch (Throwable e) {
      if (startedAt.get() != null) {
        failed(
            e,
            tx -> rows.ended(tx, run.job(), named, null, Failure.of(e).summary(), startedAt.get()));
      }
      taken.remove(step.name());
      throw e;
    }
  }

  /** Before any SQL. */
  private StepRows.Named take(Step step, Class<?> type) {
    Args.notNull(step, "step");
    Args.notNull(type, "type");
    Json input = step.input() == null ? null : plinth.json().write(step.input());
    run.requireOpen("step " + step.name() + " comes too late");
    if (plinth.currentTransaction().isPresent()) {
      throw new IllegalStateException(
          "Step "
              + step.name()
              + " was begun inside a transaction, which may hold the pool's last connection and may"
              + " yet roll back: begin it outside, and use stepIn for what is to commit with it");
    }
    if (!taken.add(step.name())) {
      throw new IllegalStateException(
          "Step "
              + step.name()
              + " was begun already in this run of job "
              + run.id()
              + ": give each step of a run a name of its own, the same in every attempt, such as "
              + step.name()
              + "-2");
    }
    return new StepRows.Named(step, input);
  }

  private <R extends @Nullable Object> R read(Step step, Class<R> type, @Nullable Json output) {
    if (output == null) {
      return nothing();
    }
    try {
      return plinth.json().read(output, type);
    } catch (IllegalArgumentException e) {
      throw new UnreadableStepException(run.id(), step.name(), type, e);
    }
  }

  /** A step that recorded no output returned null, so its result may be that. */
  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
  private static <R extends @Nullable Object> R nothing() {
    return null;
  }

  /** What the handler hears of is the step's own failure, also where it cannot be recorded. */
  private void failed(Throwable failure, TxFunction<Boolean, RuntimeException> record) {
    if (failure instanceof LostClaimException) {
      return;
    }
    boolean interrupted = Thread.interrupted();
    try {
      if (!alone(record)) {
        log.debug("A failed step of job {} is not recorded: its claim is lost", run.id());
      }
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private TxOptions options() {
    return run.tenantId()
        .map(tenant -> TxOptions.defaults().withTenant(tenant))
        .orElse(TxOptions.defaults());
  }

  private <T> T alone(TxFunction<T, RuntimeException> work) {
    return plinth.transactSeparately(options(), work);
  }
}
