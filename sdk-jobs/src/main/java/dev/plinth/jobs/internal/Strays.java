package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives back what this dispatcher has claimed without knowing it: when the connection is lost
 * during the commit of a claim, its leases may be durable though nobody here has heard of them.
 * Looks only when there was cause to.
 */
final class Strays implements Sweep {
  private static final Logger log = LoggerFactory.getLogger(Strays.class);
  private static final String LEASES =
      """
      SELECT l.job_id, l.epoch
      FROM {schema}.job_leases l
      WHERE l.instance_id = ?
        AND l.claimer = ?
      """;

  private final Plinth plinth;
  private final UUID claimer;
  private final String leases;
  private final Release release;
  private final Set<Lease> known = ConcurrentHashMap.newKeySet();
  private final AtomicInteger suspicions = new AtomicInteger();
  private volatile int settled;

  private record Lease(UUID job, int epoch) {}

  Strays(Plinth plinth, UUID claimer, Release release) {
    this.plinth = plinth;
    this.claimer = claimer;
    this.leases = plinth.schema().render(LEASES);
    this.release = release;
  }

  /** From now until it has ended, the claim is in good hands. */
  void know(Claimed job) {
    known.add(new Lease(job.id(), job.epoch()));
  }

  /** The claim has ended, or is somebody else's. */
  void forget(Claimed job) {
    known.remove(new Lease(job.id(), job.epoch()));
  }

  /** A claim has failed that may be durable all the same, or one could not be given back. */
  void suspect() {
    suspicions.incrementAndGet();
  }

  /** By the thread that claims, so that no claim is under way. */
  @Override
  public boolean chunk(Tx tx) {
    int suspected = suspicions.get();
    if (suspected == settled) {
      return false;
    }
    tx.afterCommit(() -> settled = suspected);
    List<Lease> strays =
        Sql.query(
                tx.connection(),
                leases,
                row -> new Lease(row.getObject(1, UUID.class), row.getInt(2)),
                plinth.instances().id(),
                claimer)
            .stream()
            .filter(lease -> !known.contains(lease))
            .toList();
    if (!strays.isEmpty()) {
      log.debug("Giving back {} jobs whose claim was not heard of", strays.size());
      release.write(
          tx,
          strays.stream().map(Lease::job).toArray(UUID[]::new),
          strays.stream().map(Lease::epoch).toArray(Integer[]::new),
          strays.stream().map(lease -> 0).toArray(Integer[]::new));
    }
    return false;
  }
}
