package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.JobStatus;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** What keeps jobs in hand: unique keys, cancellation, snoozing, deadlines, watching. */
final class Control {
  private final UniqueKeys uniqueKeys;
  private final DeadlineRows deadlineRows;
  private final CancelRequests cancelRequests;
  private final Cancelling cancelling;
  private final Cancel cancel;
  private final Snooze snooze;
  private final Deadlines deadlines;
  private final Watched watched;
  private final Audited audited;

  Control(
      Plinth plinth,
      ProgressRows progressRows,
      UniqueKeys uniqueKeys,
      DeadlineRows deadlineRows,
      CancelledWaiting following,
      Hints hints,
      GateHints gateHints,
      Audited audited) {
    Schema schema = plinth.schema();
    this.uniqueKeys = uniqueKeys;
    this.deadlineRows = deadlineRows;
    CancelWaiting cancelWaiting = new CancelWaiting(schema, following);
    this.cancelRequests = new CancelRequests(schema, cancelWaiting);
    this.cancelling = new Cancelling(plinth, cancelWaiting, cancelRequests);
    this.cancel = new Cancel(schema, progressRows, uniqueKeys, deadlineRows, plinth.events());
    this.snooze = new Snooze(schema, progressRows);
    this.deadlines = new Deadlines(plinth, hints, gateHints);
    this.watched = new Watched(plinth);
    this.audited = audited;
  }

  /** Those whose claim held have completed. */
  void completed(Tx tx, List<Ending.Completed> endings, Set<UUID> held) {
    uniqueKeys.free(
        tx,
        endings.stream()
            .filter(e -> e.job().holdsKey() && held.contains(e.job().id()))
            .map(e -> e.job().id())
            .toList(),
        JobStatus.COMPLETED);
    audited.completed(tx, endings, held);
    ended(tx, endings, held);
  }

  /** Those whose claim held have failed, for good where they are final. */
  void failed(Tx tx, List<Ending.Failed> endings, Set<UUID> held) {
    ended(tx, endings.stream().filter(Ending.Failed::isFinal).toList(), held);
  }

  private void ended(Tx tx, List<? extends Ending> endings, Set<UUID> held) {
    deadlineRows.ended(
        tx,
        endings.stream()
            .filter(e -> e.job().deadline() != null && held.contains(e.job().id()))
            .map(e -> e.job().id())
            .toList());
  }

  UniqueKeys uniqueKeys() {
    return uniqueKeys;
  }

  CancelRequests cancelRequests() {
    return cancelRequests;
  }

  Cancelling cancelling() {
    return cancelling;
  }

  Cancel cancel() {
    return cancel;
  }

  Snooze snooze() {
    return snooze;
  }

  Deadlines deadlines() {
    return deadlines;
  }

  Watched watched() {
    return watched;
  }
}
