package dev.plinth.jobs.internal.node;

import dev.plinth.core.Plinth;
import dev.plinth.core.partition.Partition;
import dev.plinth.core.spi.PartitionedTable;
import dev.plinth.core.spi.PartitionedTable.Period;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.node.NodeId;
import dev.plinth.jobs.node.Nodes;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What some node of the cluster does now and then: declares silent nodes offline, and drops the
 * heartbeats of days gone by.
 */
public final class NodeTasks {
  /** Every heartbeat, by the day. */
  public static final PartitionedTable HEARTBEATS =
      new PartitionedTable("node_heartbeats", Period.DAY, 7);

  private static final Logger log = LoggerFactory.getLogger(NodeTasks.class);
  private static final Duration SWEEPING = Duration.ofSeconds(10);
  private static final Duration DROPPING = Duration.ofHours(1);
  private static final int AT_ONCE = 1_000;

  private static final String SILENT =
      """
      SELECT n.id
      FROM {schema}.nodes n
      WHERE {silent}
      ORDER BY n.last_heartbeat
      LIMIT ?
      """;
  private static final String TOO_OLD =
      "SELECT {now} - make_interval(secs => ?::double precision) AS before";
  private static final String IS_THERE =
      "SELECT 1 FROM {schema}.schema_changes WHERE module = ? AND version = 4";

  private final Plinth plinth;
  private final String module;
  private final Transitions transitions;
  private final String silent;

  NodeTasks(Plinth plinth, String module) {
    this.plinth = plinth;
    this.module = module;
    this.transitions = new Transitions(plinth.schema(), plinth.ids(), plinth.events());
    this.silent = plinth.schema().render(SILENT.replace("{silent}", Transitions.IS_SILENT));
  }

  /** Registers the tasks; they do nothing before the tables are there. */
  public static void register(Plinth plinth, String module) {
    NodeTasks tasks = new NodeTasks(plinth, module);
    plinth.maintenance().register(Nodes.TASK, SWEEPING, tasks::sweep);
    plinth.maintenance().register(Nodes.RETENTION_TASK, DROPPING, tasks::drop);
  }

  /** One node in each transaction, so that a subscriber who refuses one refuses no other. */
  void sweep() {
    if (!isThere()) {
      return;
    }
    Duration bound = plinth.configuration().get(Nodes.OFFLINE_AFTER);
    for (NodeId id : silent(bound)) {
      if (Thread.currentThread().isInterrupted()) {
        return;
      }
      try {
        alone(tx -> transitions.silence(tx, id, bound));
      } catch (RuntimeException e) {
        log.warn("Node {} is silent, but that cannot be recorded now", id, e);
      }
    }
  }

  /** Those that are silent for longer than the bound, as it seems: the row's lock decides. */
  private List<NodeId> silent(Duration bound) {
    return alone(
        tx -> Sql.query(tx.connection(), silent, row -> NodeRows.id(row, "id"), bound, AT_ONCE));
  }

  /** Asks for the owner's connection only when there is something to drop. */
  void drop() {
    if (!isThere()) {
      return;
    }
    Duration kept = plinth.configuration().get(Nodes.KEEP_HEARTBEATS);
    Instant before =
        alone(
            tx ->
                Sql.query(
                        tx.connection(),
                        plinth.schema().render(TOO_OLD),
                        row -> NodeRows.time(row, "before"),
                        kept)
                    .get(0));
    List<Partition> partitions = plinth.partitions().list(HEARTBEATS);
    if (partitions.stream().anyMatch(partition -> !partition.to().isAfter(before))) {
      List<String> dropped = plinth.partitions().dropBefore(HEARTBEATS, before);
      log.debug("Dropped the heartbeats of {}", dropped);
    }
  }

  private boolean isThere() {
    return alone(
        tx ->
            Sql.first(tx.connection(), plinth.schema().render(IS_THERE), row -> 1, module)
                .isPresent());
  }

  private <T> T alone(TxFunction<T, RuntimeException> work) {
    // A row that somebody else has just moved is judged as it stands now.
    return plinth.transactSeparately(
        TxOptions.defaults().withIsolation(TxOptions.Isolation.READ_COMMITTED).withAllTenants(),
        work);
  }
}
