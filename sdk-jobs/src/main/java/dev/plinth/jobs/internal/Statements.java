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
  private final Claimers claimers;
  private final Rescue rescue;
  private final Promote promote;
  private final Enqueue enqueue;
  private final Fold fold;
  private final Batches batches;
  private final Retry retry;
  private final ReadJobs read;
  private final Invariants invariants;

  /** Renders them. */
  public Statements(Plinth plinth) {
    Schema schema = plinth.schema();
    this.hints = new Hints(plinth);
    this.progressRows = new ProgressRows(schema);
    this.complete = new Complete(schema, progressRows);
    this.fail = new Fail(schema, progressRows, plinth.events());
    this.release = new Release(schema);
    this.claimers = new Claimers(schema);
    this.rescue = new Rescue(schema, plinth.instances(), claimers, plinth.events());
    this.promote = new Promote(schema);
    this.enqueue = new Enqueue(schema, plinth.ids());
    this.fold = new Fold(schema, enqueue, plinth.json(), plinth.events(), hints);
    this.batches = new Batches(schema);
    this.retry = new Retry(schema);
    this.read = new ReadJobs(schema);
    this.invariants = new Invariants(schema);
  }

  Endings endings(Plinth plinth, Strays strays, Runnable batchesTouched) {
    return new Endings(plinth, complete, fail, release, strays, batchesTouched);
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

  Claimers claimers() {
    return claimers;
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

  Invariants invariants() {
    return invariants;
  }
}
