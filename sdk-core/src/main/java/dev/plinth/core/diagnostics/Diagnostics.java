package dev.plinth.core.diagnostics;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code plinth.diagnostics()} found in the catalogues and statistics of the database. Sizes
 * are in bytes, counts of rows are PostgreSQL's estimates. Holds no statement's values: only texts
 * that pg_stat_statements has normalised, of statements that cannot carry a password.
 *
 * <p>A role that owns nothing sees sizes, indexes, slots and locks; of other roles' sessions and of
 * replication it sees more with {@code GRANT pg_monitor}. What could not be seen is said in {@code
 * missing}, never thrown. There is no estimate of bloat: without reading the tables, as the
 * extension pgstattuple does, it would be a guess; dead rows and sizes are facts.
 *
 * @param database the database
 * @param tables Plinth's tables, the largest first, partitions summed
 * @param connections sessions on this database
 * @param longestTransactions the oldest transactions of this database, the oldest first
 * @param unusedIndexes Plinth's indexes that no query has used, the largest first; not those that
 *     enforce a constraint
 * @param replicas the standbys that stream from this server
 * @param slots replication slots
 * @param horizon what keeps VACUUM from removing dead rows, the oldest first
 * @param lockWaits who waits for whom, the longest wait first
 * @param slowStatements the statements of this database that took most time in all
 * @param missing what could not be told, why, and what would help
 */
public record Diagnostics(
    @Nullable Database database,
    List<Table> tables,
    @Nullable Connections connections,
    List<Transaction> longestTransactions,
    List<UnusedIndex> unusedIndexes,
    List<Replica> replicas,
    List<Slot> slots,
    List<HorizonHolder> horizon,
    List<LockWait> lockWaits,
    List<Statement> slowStatements,
    List<String> missing) {
  /** Copies the lists. */
  public Diagnostics {
    tables = List.copyOf(tables);
    longestTransactions = List.copyOf(longestTransactions);
    unusedIndexes = List.copyOf(unusedIndexes);
    replicas = List.copyOf(replicas);
    slots = List.copyOf(slots);
    horizon = List.copyOf(horizon);
    lockWaits = List.copyOf(lockWaits);
    slowStatements = List.copyOf(slowStatements);
    missing = List.copyOf(missing);
  }

  /**
   * The database.
   *
   * @param name its name
   * @param version the server's
   * @param bytes its size on disk
   * @param startedAt when the server was started
   * @param statisticsSince since when its statistics count; null for since its beginning
   * @param oldestTransactionAge transactions since the oldest one that is not frozen everywhere; at
   *     two thousand million PostgreSQL refuses to write
   */
  public record Database(
      String name,
      String version,
      long bytes,
      Instant startedAt,
      @Nullable Instant statisticsSince,
      long oldestTransactionAge) {}

  /**
   * A table, with all its partitions.
   *
   * @param name its name in Plinth's schema
   * @param partitions how many it has; 0 when it is not partitioned
   * @param totalBytes all of it
   * @param tableBytes the rows, with what was moved out of line (TOAST)
   * @param indexBytes the indexes
   * @param liveRows about how many rows it has
   * @param deadRows about how many rows VACUUM has yet to remove
   * @param vacuumedAt when it, or its partition vacuumed last, was vacuumed; null when never
   * @param analyzedAt when it, or its partition analyzed last, was analyzed; null when never
   */
  public record Table(
      String name,
      int partitions,
      long totalBytes,
      long tableBytes,
      long indexBytes,
      long liveRows,
      long deadRows,
      @Nullable Instant vacuumedAt,
      @Nullable Instant analyzedAt) {}

  /**
   * Sessions of clients.
   *
   * @param active running a statement
   * @param idle at rest
   * @param idleInTransaction at rest in an open transaction, which holds locks and the horizon
   * @param unknown of other roles, whose state this role may not see
   * @param onServer of all databases
   * @param max the most that the server takes
   */
  public record Connections(
      int active, int idle, int idleInTransaction, int unknown, int onServer, int max) {}

  /**
   * An open transaction.
   *
   * @param pid its backend's process id
   * @param user its role
   * @param application what the client calls itself
   * @param state what the session does
   * @param age how long ago it began
   */
  public record Transaction(int pid, String user, String application, String state, Duration age) {}

  /**
   * An index that costs every write and serves no read.
   *
   * @param name its name
   * @param table the table it is on
   * @param bytes its size, partitions summed
   */
  public record UnusedIndex(String name, String table, long bytes) {}

  /**
   * A standby.
   *
   * @param name what it calls itself
   * @param state what its stream does; null when this role may not see it
   * @param synchronous whether commits wait for it; null when this role may not see it
   * @param lagBytes how much of the log it has not replayed; null when it cannot be told
   * @param lag how long replay takes behind the primary; null when there was nothing to replay
   */
  public record Replica(
      String name,
      @Nullable String state,
      @Nullable Boolean synchronous,
      @Nullable Long lagBytes,
      @Nullable Duration lag) {}

  /**
   * A replication slot; one that nobody uses keeps log until the disk is full.
   *
   * @param name its name
   * @param type physical or logical
   * @param active whether somebody streams from it
   * @param retainedBytes how much log it keeps; null when it keeps none
   * @param walStatus as in pg_replication_slots: reserved, extended, unreserved or lost
   */
  public record Slot(
      String name,
      String type,
      boolean active,
      @Nullable Long retainedBytes,
      @Nullable String walStatus) {}

  /**
   * What pins the snapshot horizon: rows deleted since then must stay.
   *
   * @param kind what sort of thing it is
   * @param name a process id, a prepared transaction's name, a slot's or a standby's
   * @param age how many transactions ago its snapshot was taken
   */
  public record HorizonHolder(Kind kind, String name, long age) {
    /** What can pin the horizon. */
    public enum Kind {
      /** A session with a snapshot: {@code pg_terminate_backend(pid)} ends it. */
      SESSION,
      /** A prepared transaction: commit or roll it back by its name. */
      PREPARED_TRANSACTION,
      /** A replication slot: drop it if nobody comes back for it. */
      SLOT,
      /** A query on a standby with hot_standby_feedback. */
      STANDBY
    }
  }

  /**
   * A session that waits for a lock.
   *
   * @param pid the one that waits
   * @param blockedBy those it waits for; 0 stands for a prepared transaction
   * @param mode the lock it wants
   * @param table the table it is about; null when it is about a row's transaction or something else
   * @param waiting for how long; null in the first moment
   */
  public record LockWait(
      int pid,
      List<Integer> blockedBy,
      String mode,
      @Nullable String table,
      @Nullable Duration waiting) {
    /** Copies the list. */
    public LockWait {
      blockedBy = List.copyOf(blockedBy);
    }
  }

  /**
   * A statement, as pg_stat_statements knows it.
   *
   * @param text normalised: constants are parameters; cut at 500 characters
   * @param calls how often it ran
   * @param total how long in all
   * @param mean how long at a time
   * @param rows how many rows it returned or changed in all
   */
  public record Statement(String text, long calls, Duration total, Duration mean, long rows) {}
}
