package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.partition.Partition;
import dev.plinth.core.spi.PartitionedTable;
import dev.plinth.core.spi.PartitionedTable.Period;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.tx.DatabaseException;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Pruned;
import dev.plinth.jobs.Retention;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes jobs that ended long ago: partitions whose jobs may all go are dropped, the oldest first
 * and up to the first that must stay; what stays is thinned out by the row where that is due. Any
 * step may be the last before a crash, and the next call goes on.
 */
public final class Retain {
  private static final Logger log = LoggerFactory.getLogger(Retain.class);

  /** How long a partition may stay for the sake of a few jobs before its others are deleted. */
  private static final Duration GRACE = Duration.ofDays(31);

  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  private static final PartitionedTable JOBS =
      new PartitionedTable("computational_jobs", Period.MONTH, 2);

  private static final String NOW = "SELECT {now} AS now";

  /** Told by the small tables, so that the record is not read in vain. */
  private static final String IN_HAND =
      """
      SELECT EXISTS (SELECT FROM {schema}.job_ready x WHERE x.job_id >= ? AND x.job_id < ?)
          OR EXISTS (SELECT FROM {schema}.job_delayed x WHERE x.job_id >= ? AND x.job_id < ?)
          OR EXISTS (SELECT FROM {schema}.job_leases x WHERE x.job_id >= ? AND x.job_id < ?)
          OR EXISTS (SELECT FROM {schema}.job_waiting x WHERE x.job_id >= ? AND x.job_id < ?)
          OR EXISTS (SELECT FROM {schema}.job_parked x WHERE x.job_id >= ? AND x.job_id < ?)
          OR EXISTS (SELECT FROM {schema}.job_edges x WHERE x.parent_id >= ? AND x.parent_id < ?)
      """;

  /** The truth, told by the record. */
  private static final String MUST_STAY =
      """
      SELECT EXISTS (
        SELECT FROM {schema}.computational_jobs j
        WHERE j.id >= ?
          AND j.id < ?
          AND (
            j.status = 'pending'
            OR j.completed_at >= ?
            OR EXISTS (SELECT FROM {schema}.job_edges e WHERE e.parent_id = j.id)))
      """;

  /** Whoever has it open for writing may yet commit a job that is not to be seen now. */
  private static final String IN_USE =
      """
      SELECT EXISTS (
        SELECT FROM pg_catalog.pg_locks k
        WHERE k.locktype = 'relation'
          AND k.mode = 'RowExclusiveLock'
          AND k.relation = (
            SELECT c.oid
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ?
              AND c.relname = ?)
          AND k.database = (
            SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database()))
      """;

  private static final String ANNOUNCE =
      """
      UPDATE {schema}.job_marks
      SET at = ?
      WHERE name = 'removed'
        AND (at IS NULL OR at < ?)
      """;

  private final Plinth plinth;
  private final Closing closing;
  private final RemoveEnded remove;
  private final String now;
  private final String inHand;
  private final String mustStay;
  private final String inUse;
  private final String announce;

  /** Opens nothing. */
  public Retain(Plinth plinth) {
    Schema schema = plinth.schema();
    this.plinth = plinth;
    this.closing = new Closing(schema);
    this.remove = new RemoveEnded(plinth);
    this.now = schema.render(NOW);
    this.inHand = schema.render(IN_HAND);
    this.mustStay = schema.render(MUST_STAY);
    this.inUse = IN_USE;
    this.announce = schema.render(ANNOUNCE);
  }

  /** Removes what has ended longer ago than is to be kept. */
  public Pruned run(Retention retention) {
    Instant now = alone(tx -> now(tx.connection()));
    return new Run(now.minus(retention.keep()), retention.exact()).all();
  }

  private Instant now(Connection connection) {
    return Sql.query(connection, now, row -> Objects.requireNonNull(Sql.instant(row, "now")))
        .get(0);
  }

  private <T extends @Nullable Object> T alone(TxFunction<T, RuntimeException> work) {
    return plinth.transactSeparately(
        TxOptions.defaults().withIsolation(TxOptions.Isolation.READ_COMMITTED).withAllTenants(),
        work);
  }

  /** One call. */
  private final class Run {
    private final Instant cutoff;
    private final boolean exact;
    private final List<String> dropped = new ArrayList<>();
    private final List<String> left = new ArrayList<>();
    private long removed;
    private boolean rowsOnly;

    Run(Instant cutoff, boolean exact) {
      this.cutoff = cutoff;
      this.exact = exact;
    }

    Pruned all() {
      for (Partition partition : plinth.partitions().list(JOBS)) {
        if (Thread.currentThread().isInterrupted()) {
          break;
        }
        if (!partition.to().isAfter(cutoff)) {
          whole(partition);
        } else if (exact && partition.from().isBefore(cutoff)) {
          byRow(partition);
        }
      }
      if (!rowsOnly) {
        dependents();
      }
      return new Pruned(dropped, removed, left);
    }

    /** After the jobs: an attempt without its job is never looked at. */
    private void dependents() {
      List<Partition> there = plinth.partitions().list(JOBS);
      if (!there.isEmpty()) {
        for (PartitionedTable table : new JobsModule().partitionedTables()) {
          if (table.period() == Period.MONTH && !table.equals(JOBS)) {
            dropped.addAll(plinth.partitions().dropBefore(table, there.get(0).from()));
          }
        }
      }
    }

    /** One whose jobs were all made before the cutoff. */
    private void whole(Partition partition) {
      // In the order of their age: Partitions drops up to a time.
      if (left.isEmpty() && drop(partition)) {
        return;
      }
      left.add(partition.name());
      if (exact || rowsOnly || partition.to().isBefore(cutoff.minus(GRACE))) {
        byRow(partition);
      }
    }

    private void byRow(Partition partition) {
      announce();
      removed += remove.run(partition.from(), partition.to(), cutoff);
    }

    /** Before anything goes: counters of batches that are older may exceed the rows from now on. */
    private void announce() {
      alone(tx -> Sql.update(tx.connection(), announce, cutoff, cutoff));
    }

    /** False when it must stay. */
    private boolean drop(Partition partition) {
      if (is(inHand, bounds(partition, 6)) || mustStay(partition) || !close(partition.to())) {
        return false;
      }
      // In this order: what was open when it was asked about may be seen by the second question.
      if (is(inUse, plinth.schema().name(), partition.name()) || mustStay(partition)) {
        return false;
      }
      announce();
      try {
        dropped.addAll(plinth.partitions().dropBefore(JOBS, partition.to()));
        return true;
      } catch (DatabaseException e) {
        String state = SqlStates.of(e).orElse("");
        if (state.equals(INSUFFICIENT_PRIVILEGE)) {
          log.debug("This role does not own the partitions, so old jobs go by the row", e);
          rowsOnly = true;
        } else if (state.equals(SqlStates.LOCK_NOT_AVAILABLE)) {
          log.debug("A transaction keeps {} from being dropped for now", partition.name(), e);
        } else {
          throw e;
        }
        return false;
      }
    }

    /** False when somebody is reviving a job and does not end. */
    private boolean close(Instant before) {
      try {
        return alone(
            tx -> {
              closing.move(tx, before);
              return true;
            });
      } catch (DatabaseException e) {
        if (SqlStates.of(e).filter(SqlStates.LOCK_NOT_AVAILABLE::equals).isEmpty()) {
          throw e;
        }
        log.debug("A transaction that revives a job is open, so no partition is dropped now", e);
        return false;
      }
    }

    private boolean mustStay(Partition partition) {
      return is(mustStay, Closing.lowest(partition.from()), Closing.lowest(partition.to()), cutoff);
    }

    private Object[] bounds(Partition partition, int times) {
      Object[] bounds = new Object[2 * times];
      for (int i = 0; i < bounds.length; i++) {
        bounds[i] = Closing.lowest(i % 2 == 0 ? partition.from() : partition.to());
      }
      return bounds;
    }

    private boolean is(String question, Object... parameters) {
      return alone(
          tx -> Sql.query(tx.connection(), question, row -> row.getBoolean(1), parameters).get(0));
    }
  }
}
