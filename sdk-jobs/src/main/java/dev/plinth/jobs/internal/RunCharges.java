package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.OutcomeUnknownException;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.core.usage.Metered;
import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one run is charged. Nothing is counted twice: one thread at a time charges what was used
 * since the last charge that has committed, or may have; and only under the fence, so that the
 * charge of a completion and one from outside exclude each other in the database.
 */
final class RunCharges {
  private static final Logger log = LoggerFactory.getLogger(RunCharges.class);
  private static final int TRIES = 3;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  // Well below deadlock_timeout: the handler's own transaction may hold the user's account and be
  // about to end the lease, and it is the charge that must give way.
  private static final String PATIENCE = "SELECT set_config('lock_timeout', '300ms', true)";

  // The owner of today: users are merged and erased while their jobs run.
  private static final String FENCED_OWNER =
      """
      SELECT j.user_id
      FROM {schema}.job_leases l
      JOIN {schema}.computational_jobs j ON j.id = l.job_id
      WHERE l.job_id = ?
        AND l.epoch = ?
        AND j.user_id IS NOT NULL
      FOR SHARE OF l
      """;
  private static final String OWNER =
      """
      SELECT j.user_id
      FROM {schema}.computational_jobs j
      WHERE j.id = ?
        AND j.user_id IS NOT NULL
      """;

  private final Plinth plinth;
  private final ActiveRun run;
  private final Charging.Rate rate;
  private final TxOptions options;
  private final ThreadTime time = new ThreadTime();
  private final ReentrantLock turn = new ReentrantLock();
  private long charged;
  private long asked;
  private boolean failedBefore;
  private volatile boolean over;

  RunCharges(Plinth plinth, ActiveRun run, Charging.Rate rate) {
    this.plinth = plinth;
    this.run = run;
    this.rate = rate;
    String tenant = run.job().tenantId();
    this.options = tenant == null ? TxOptions.defaults() : TxOptions.defaults().withTenant(tenant);
  }

  /** While the handler is at work, from another thread; stops it when there is no more to use. */
  void charge() {
    if (!over) {
      charge(false);
    }
  }

  /** Once the handler has ended, on its thread, and before its end is written. */
  void settle() {
    boolean done = over;
    for (int tries = 0; tries < TRIES && !done; tries++) {
      if (tries > 0) {
        LockSupport.parkNanos(this, PAUSE_NANOS);
      }
      done = charge(true);
    }
    over = true;
    if (!done) {
      log.warn(
          "The last {} that job {} used cannot be charged, and will not be",
          rate.resource(),
          run.job().id());
    }
  }

  /** Together with the completion, in the transaction that has just ended the lease. */
  void chargeIn(Tx tx) {
    turn.lock();
    try {
      long used = time.micros();
      if (!over && used > charged) {
        // Not taken down as charged: if this is rolled back, the lease is there again, and with it
        // the next charge.
        Sql.first(tx.connection(), sql(OWNER), RunCharges::owner, run.job().id())
            .ifPresent(owner -> charge(tx, owner, used));
      }
    } finally {
      turn.unlock();
    }
  }

  /** False when it is to be tried again. */
  private boolean charge(boolean waits) {
    try {
      // The turn is taken within, so that nobody has it who waits for a connection.
      Optional<Metered> metered = plinth.transactSeparately(options, tx -> chargeFenced(tx, waits));
      if (turn.isHeldByCurrentThread()) {
        charged = asked;
      }
      if (metered.orElse(null) instanceof Metered.Refused refused) {
        over = true;
        run.stop(new StopCause.Refused(rate.resource(), refused.why()));
      }
      return true;
    } catch (OutcomeUnknownException e) {
      // Rather lost than counted twice.
      charged = asked;
      log.warn("Whether job {} was charged is not known", run.job().id(), e);
      return true;
    } catch (RuntimeException e) {
      failed(e);
      return false;
    } finally {
      while (turn.isHeldByCurrentThread()) {
        turn.unlock();
      }
    }
  }

  private Optional<Metered> chargeFenced(Tx tx, boolean waits) {
    if (waits) {
      turn.lock();
    } else if (!turn.tryLock()) {
      return Optional.empty();
    }
    asked = charged;
    Sql.query(tx.connection(), PATIENCE, row -> 1);
    Optional<UUID> owner =
        Sql.first(
            tx.connection(),
            sql(FENCED_OWNER),
            RunCharges::owner,
            run.job().id(),
            run.job().epoch());
    if (owner.isEmpty()) {
      // The claim has ended, or the job is nobody's any more.
      over = true;
      return Optional.empty();
    }
    long used = time.micros();
    if (used <= charged) {
      return Optional.empty();
    }
    Optional<Metered> metered = charge(tx, owner.get(), used);
    asked = used;
    return metered;
  }

  /** Empty when the meter does not know the owner, whom it may know as of another tenant. */
  private Optional<Metered> charge(Tx tx, UUID owner, long used) {
    try {
      return Optional.of(
          rate.meter().charge(tx, owner, rate.resource(), BigDecimal.valueOf(used - charged, 6)));
    } catch (UnknownUserException e) {
      log.debug("Job {} cannot be charged to its user", run.job().id(), e);
      return Optional.empty();
    }
  }

  private static UUID owner(ResultSet row) throws SQLException {
    return row.getObject(1, UUID.class);
  }

  private String sql(String text) {
    return plinth.schema().render(text);
  }

  private void failed(RuntimeException failure) {
    if (failedBefore) {
      log.debug("Job {} cannot be charged now", run.job().id(), failure);
    } else {
      log.warn("Job {} cannot be charged now; trying again", run.job().id(), failure);
    }
    failedBefore = true;
  }
}
