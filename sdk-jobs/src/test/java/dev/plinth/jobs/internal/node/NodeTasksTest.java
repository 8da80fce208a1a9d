package dev.plinth.jobs.internal.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.node.NewNode;
import dev.plinth.jobs.node.NodeFilter;
import dev.plinth.jobs.node.NodeHeartbeat;
import dev.plinth.jobs.node.NodeId;
import dev.plinth.jobs.node.NodeStatus;
import dev.plinth.jobs.node.NodeTransition;
import dev.plinth.jobs.node.NodeTransition.Kind;
import dev.plinth.jobs.node.NodeWentOffline;
import dev.plinth.jobs.node.Nodes;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestNodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Nodes that are moved by several at once. */
@PlinthTest
class NodeTasksTest {
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private Jobs jobs;
  private Nodes nodes;

  @BeforeEach
  void create(Jobs injected) {
    jobs = injected;
    nodes = jobs.nodes();
  }

  @AfterEach
  void invariantsHold() {
    threads.shutdownNow();
    assertThat(jobs.check()).isEmpty();
  }

  private NodeId online(String name) {
    NodeId id = nodes.register(NewNode.of(name, "r")).id();
    nodes.heartbeat(id, NodeHeartbeat.well());
    return id;
  }

  private long count(NodeId id, Kind kind) {
    return nodes.lifecycle(id, null, 1_000).stream()
        .map(NodeTransition::kind)
        .filter(kind::equals)
        .count();
  }

  /** Runs them at the same moment, and waits for all. */
  private void together(List<Callable<?>> work) throws Exception {
    CyclicBarrier begin = new CyclicBarrier(work.size());
    List<Future<?>> running = new ArrayList<>();
    for (Callable<?> each : work) {
      running.add(
          threads.submit(
              () -> {
                begin.await();
                return each.call();
              }));
    }
    for (Future<?> each : running) {
      each.get(60, TimeUnit.SECONDS);
    }
  }

  private static Callable<?> sweep(Plinth plinth) {
    NodeTasks tasks = new NodeTasks(plinth, "jobs");
    return () -> {
      tasks.sweep();
      return null;
    };
  }

  @Test
  void sweep_fourAtOnce_eachNodeGoesOfflineOnce(
      Plinth plinth, TestNodes others, SettableClock clock) throws Exception {
    Plinth other = others.add("other").plinth();
    List<NodeWentOffline> events = Collections.synchronizedList(new ArrayList<>());
    plinth.events().afterCommit(NodeWentOffline.class, events::add);
    other.events().afterCommit(NodeWentOffline.class, events::add);
    List<NodeId> ids = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      ids.add(online("n" + i));
    }
    clock.advance(Duration.ofMinutes(10));

    together(List.of(sweep(plinth), sweep(plinth), sweep(other), sweep(other)));

    assertThat(ids).allSatisfy(id -> assertThat(count(id, Kind.WENT_OFFLINE)).isEqualTo(1));
    assertThat(events).extracting(NodeWentOffline::nodeId).containsExactlyInAnyOrderElementsOf(ids);
    assertThat(nodes.list(NodeFilter.all().status(NodeStatus.OFFLINE), null, 100)).hasSize(40);
  }

  @Test
  void sweepAgainstHeartbeats_everyNodeEndsOnline(Plinth plinth, SettableClock clock)
      throws Exception {
    List<NodeId> ids = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      ids.add(online("n" + i));
    }
    for (int round = 0; round < 10; round++) {
      clock.advance(Duration.ofMinutes(10));
      List<Callable<?>> work = new ArrayList<>();
      work.add(sweep(plinth));
      work.add(sweep(plinth));
      for (int thread = 0; thread < 2; thread++) {
        work.add(
            () -> {
              for (NodeId id : ids) {
                nodes.heartbeat(id, NodeHeartbeat.well());
              }
              return null;
            });
      }
      together(work);
      // Whoever was first: the heartbeat is the newer word.
      assertThat(ids)
          .allSatisfy(
              id -> {
                assertThat(nodes.find(id).orElseThrow().status()).isEqualTo(NodeStatus.ACTIVE);
                assertThat(count(id, Kind.CAME_ONLINE)).isEqualTo(count(id, Kind.WENT_OFFLINE) + 1);
              });
    }
  }

  @Test
  void heartbeat_whileASweepIsNotCommitted_waitsAndComesOnline(Plinth plinth, SettableClock clock)
      throws Exception {
    NodeId id = online("n");
    clock.advance(Duration.ofMinutes(10));
    Transitions transitions = new Transitions(plinth.schema(), plinth.ids(), plinth.events());
    Future<NodeStatus> heard =
        plinth.transactReturning(
            tx -> {
              assertThat(transitions.silence(tx, id, Duration.ofMinutes(2)))
                  .contains(NodeStatus.OFFLINE);
              Future<NodeStatus> beating =
                  threads.submit(() -> nodes.heartbeat(id, NodeHeartbeat.well()));
              await().until(() -> isWaited(plinth));
              return beating;
            });

    assertThat(heard.get(60, TimeUnit.SECONDS)).isEqualTo(NodeStatus.ACTIVE);
    assertThat(nodes.lifecycle(id, null, 9))
        .extracting(NodeTransition::kind)
        .containsExactly(Kind.CAME_ONLINE, Kind.WENT_OFFLINE, Kind.CAME_ONLINE, Kind.REGISTERED);
  }

  @Test
  void sweep_whileAHeartbeatIsNotCommitted_leavesTheNodeAlone(Plinth plinth, SettableClock clock) {
    NodeId id = online("n");
    clock.advance(Duration.ofMinutes(10));
    plinth.transact(
        tx -> {
          nodes.in(tx).heartbeat(id, NodeHeartbeat.well());
          new NodeTasks(plinth, "jobs").sweep();
        });
    assertThat(nodes.find(id).orElseThrow().status()).isEqualTo(NodeStatus.ACTIVE);
    assertThat(count(id, Kind.WENT_OFFLINE)).isZero();
  }

  private static boolean isWaited(Plinth plinth) {
    return plinth.<Boolean, RuntimeException>transactSeparately(
        TxOptions.defaults(),
        tx ->
            Sql.first(
                    tx.connection(),
                    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
                        + " AND wait_event_type = 'Lock'",
                    row -> 1)
                .isPresent());
  }

  @Test
  void register_eightAtOnce_oneNodeAndAllGetIt(Plinth plinth) throws Exception {
    List<NodeId> got = Collections.synchronizedList(new ArrayList<>());
    List<Callable<?>> work = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      work.add(() -> got.add(nodes.register(NewNode.of("same", "r")).id()));
    }
    together(work);
    assertThat(got).hasSize(8);
    assertThat(Collections.frequency(got, got.get(0))).isEqualTo(8);
    assertThat(count(got.get(0), Kind.REGISTERED)).isEqualTo(1);
  }

  @Test
  void tasks_onADatabaseWithoutTheTables_doNothing(Plinth plinth) {
    NodeTasks tasks = new NodeTasks(plinth, "a module that was never migrated");
    online("n");
    tasks.sweep();
    tasks.drop();
  }

  @Test
  void lists_amongMany_readTheirIndexes(Plinth plinth) {
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                """
                WITH made AS (
                  INSERT INTO plinth.nodes
                    (id, tenant_id, name, region, status, status_since, created_at, updated_at)
                  SELECT gen_random_uuid(), 't' || n % 300, 'n' || n, 'r' || n % 300,
                         CASE WHEN n % 300 = 1 THEN 'error' ELSE 'active' END, now(), now(), now()
                  FROM generate_series(1, 12000) AS n
                  RETURNING id, status
                ), logged AS (
                  INSERT INTO plinth.node_lifecycle_logs (node_id, event_type, new_status, created_at)
                  SELECT id, 'registered', status, now()
                  FROM made
                )
                INSERT INTO plinth.node_heartbeats (id, node_id, status, created_at)
                SELECT (substr(i.base, 1, 24) || lpad(to_hex(n), 12, '0'))::uuid,
                       (SELECT m.id FROM made m OFFSET n % 100 LIMIT 1), 'active', now()
                FROM generate_series(1, 5000) AS n
                CROSS JOIN (SELECT '{base}' AS base) i;
                ANALYZE plinth.nodes;
                ANALYZE plinth.node_heartbeats;
                """
                    .replace("{base}", plinth.ids().next().toString())));
    ReadNodes read = new ReadNodes(plinth.schema());
    assertThat(plan(plinth, read, TxOptions.defaults(), NodeFilter.all().status(NodeStatus.ERROR)))
        .contains("nodes_status_id_idx");
    assertThat(plan(plinth, read, TxOptions.defaults(), NodeFilter.all().region("r7")))
        .contains("nodes_region_id_idx");
    assertThat(plan(plinth, read, TxOptions.defaults().withTenant("t7"), NodeFilter.all()))
        .contains("nodes_tenant_id_id_idx");
    assertThat(plan(plinth, read, TxOptions.defaults(), NodeFilter.all()))
        .contains("nodes_pkey")
        .doesNotContain("Sort");
    assertThat(
            explained(
                plinth,
                TxOptions.defaults(),
                "SELECT * FROM plinth.node_heartbeats n WHERE n.node_id = '"
                    + UUID.randomUUID()
                    + "' ORDER BY n.id DESC LIMIT 20"))
        .as("the one day that has rows; empty ones are not worth an index")
        .containsPattern("Index Scan Backward using node_heartbeats_p\\d+_node_id_id_idx");
  }

  private static String plan(Plinth plinth, ReadNodes read, TxOptions options, NodeFilter filter) {
    return plinth.<String, RuntimeException>transactReturning(
        options,
        tx -> {
          ReadNodes.Query query = read.listing(tx, filter, null, 20);
          return explained(plinth, options, query.sql(), query.parameters().toArray());
        });
  }

  private static String explained(
      Plinth plinth, TxOptions options, String sql, Object... parameters) {
    return plinth.<String, RuntimeException>transactReturning(
        options,
        tx ->
            String.join(
                "\n",
                Sql.query(tx.connection(), "EXPLAIN " + sql, row -> row.getString(1), parameters)));
  }
}
