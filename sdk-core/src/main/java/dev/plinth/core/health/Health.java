package dev.plinth.core.health;

import dev.plinth.core.vault.VaultHealth;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What {@code plinth.health()} found, for a health endpoint or a person. Holds nothing secret.
 *
 * @param status the worst of the findings; {@code UP} when there are none
 * @param findings what is not as it should be, and what to do about it; the worst first
 * @param checkedAt when it was asked, by Plinth's clock
 * @param took how long the answer took
 * @param database the primary, or null when it did not answer in time
 * @param schema a line for each module; empty when the database did not answer
 * @param pool the pool's use, or null when the DataSource is not HikariCP or not known
 * @param notifications whether hints between nodes arrive
 * @param instance this node, or null when Plinth is not started
 * @param tasks the cluster's maintenance tasks; empty when the database did not answer
 * @param replica the server behind the read DataSource, or null when there is none
 * @param vault how the vault stands; null when there is none, or it gave no answer
 * @param readings what the modules contribute
 */
public record Health(
    HealthStatus status,
    List<Finding> findings,
    Instant checkedAt,
    Duration took,
    @Nullable Database database,
    List<Schema> schema,
    @Nullable Pool pool,
    Notifications notifications,
    @Nullable Node instance,
    List<Task> tasks,
    @Nullable Replica replica,
    @Nullable VaultHealth vault,
    List<HealthReading> readings) {
  /** Copies the lists. */
  public Health {
    findings = List.copyOf(findings);
    schema = List.copyOf(schema);
    tasks = List.copyOf(tasks);
    readings = List.copyOf(readings);
  }

  /** True when the status is {@code UP} or {@code DEGRADED}: this node can serve requests. */
  public boolean isServing() {
    return status != HealthStatus.DOWN;
  }

  /**
   * Something that is not as it should be.
   *
   * @param status how bad it is
   * @param part what it is about, such as {@code database} or {@code maintenance}
   * @param message what is the matter, and what to do
   */
  public record Finding(HealthStatus status, String part, String message) {}

  /**
   * The primary.
   *
   * @param version as PostgreSQL says it
   * @param latency one round trip on an open connection
   * @param connecting how long the pool took to give a connection
   */
  public record Database(String version, Duration latency, Duration connecting) {}

  /**
   * One module's schema.
   *
   * @param module the module
   * @param version the highest version that the database has; 0 when it has none
   * @param known the highest version that this code brings
   * @param pending what this code brings and the database lacks
   * @param tooNew true when a newer version has applied a breaking migration
   */
  public record Schema(
      String module, int version, int known, List<Integer> pending, boolean tooNew) {
    /** Copies the list. */
    public Schema {
      pending = List.copyOf(pending);
    }
  }

  /**
   * The pool that Plinth takes its connections from, all users of it included.
   *
   * @param name its name
   * @param active connections in use
   * @param idle connections at rest
   * @param waiting threads that wait for one
   * @param max the most it may have
   */
  public record Pool(String name, int active, int idle, int waiting, int max) {}

  /**
   * Hints between nodes.
   *
   * @param state how they travel
   * @param since since when; null before {@code plinth.start()}
   */
  public record Notifications(State state, @Nullable Instant since) {
    /** How hints travel. */
    public enum State {
      /** The LISTEN connection stands. */
      CONNECTED,
      /** There is none, for now or for good: this node polls. */
      POLLING,
      /** They were switched off, or Plinth is not started: this node polls or does nothing. */
      OFF
    }
  }

  /**
   * This node.
   *
   * @param id its incarnation
   * @param alive whether it may act under that
   * @param heartbeatAt its last heartbeat as the database has it; null when that did not answer
   */
  public record Node(UUID id, boolean alive, @Nullable Instant heartbeatAt) {}

  /**
   * A maintenance task.
   *
   * @param name its name
   * @param sinceStart how long ago it last began, anywhere; null when it never has
   * @param lastError what its last run failed with; null when that went well
   * @param running whether a node is running it
   * @param overdue whether it is registered here and should have begun again long ago
   */
  public record Task(
      String name,
      @Nullable Duration sinceStart,
      @Nullable String lastError,
      boolean running,
      boolean overdue) {}

  /**
   * The server behind the read DataSource.
   *
   * @param reachable whether it answered in time
   * @param recovering whether it replays another server's log; false for a primary
   * @param lagBytes how much of the primary's log it has not replayed; null when it cannot be told
   * @param replayedAt when the last transaction it replayed was committed; null when none was
   */
  public record Replica(
      boolean reachable,
      boolean recovering,
      @Nullable Long lagBytes,
      @Nullable Instant replayedAt) {}
}
