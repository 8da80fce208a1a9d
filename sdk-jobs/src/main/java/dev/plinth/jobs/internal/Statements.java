package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Schema;
import java.util.UUID;

/** Every statement of the module, rendered once for a Plinth's schema. */
public final class Statements {
  private final Hints hints;
  private final ProgressRows progressRows;
  private final Complete complete;
  private final Fail fail;
  private final Release release;
  private final Rescue rescue;
  private final Promote promote;
  private final Enqueue enqueue;
  private final Fold fold;
  private final Batches batches;
  private final Retry retry;
  private final ReadJobs read;
  private final Invariants invariants;
  private final Control control;

  /** Renders them. */
  public Statements(Plinth plinth) {
    Schema schema = plinth.schema();
    this.hints = new Hints(plinth);
    this.progressRows = new ProgressRows(schema);
    this.complete = new Complete(schema, progressRows);
    this.fail = new Fail(schema, progressRows, plinth.events());
    this.release = new Release(schema);
    this.rescue = new Rescue(schema, plinth.instances(), plinth.events());
    this.promote = new Promote(schema);
    this.enqueue = new Enqueue(schema, plinth.ids());
    this.fold = new Fold(schema, enqueue, plinth.json(), plinth.events(), hints);
    this.batches = new Batches(schema);
    this.retry = new Retry(schema);
    this.read = new ReadJobs(schema);
    this.invariants = new Invariants(schema);
    this.control = new Control(plinth, progressRows, hints);
  }

  Endings endings(Plinth plinth, Strays strays, Runnable batchesTouched) {
    return new Endings(plinth, complete, fail, release, control, strays, batchesTouched);
  }

  Strays strays(Plinth plinth, UUID claimer) {
    return new Strays(plinth, claimer, release);
  }

  Hints hints() {
    return hints;
  }

  ProgressRows progressRows() {
    return progressRows;
  }

  Complete complete() {
    return complete;
  }

  Rescue rescue() {
    return rescue;
  }

  Promote promote() {
    return promote;
  }

  Enqueue enqueue() {
    return enqueue;
  }

  Fold fold() {
    return fold;
  }

  Batches batches() {
    return batches;
  }

  Retry retry() {
    return retry;
  }

  ReadJobs read() {
    return read;
  }

  Control control() {
    return control;
  }

  Invariants invariants() {
    return invariants;
  }
}
