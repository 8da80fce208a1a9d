package dev.plinth.jobs.internal;

import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Repair;
import java.util.UUID;

/**
 * Mends one kind of fault, in a transaction of its own: locks, looks again, and changes nothing
 * that it is not sure of.
 */
@FunctionalInterface
interface Mend {
  /** Mends the fault of a job or batch, if it is still there. */
  Mended run(Tx tx, UUID subject);

  /** What became of it. */
  record Mended(Repair.Outcome outcome, String done) {
    static Mended mended(String done) {
      return new Mended(Repair.Outcome.MENDED, done);
    }

    static Mended gone() {
      return new Mended(Repair.Outcome.GONE, "It was in order when it was looked at again");
    }

    static Mended left(String why) {
      return new Mended(Repair.Outcome.LEFT, why);
    }
  }
}
