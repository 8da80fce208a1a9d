package dev.plinth.jobs.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import dev.plinth.core.Plinth;
import dev.plinth.core.apikey.ApiKey;
import dev.plinth.core.apikey.KeyOwner;
import dev.plinth.core.apikey.NewApiKey;
import dev.plinth.core.apikey.Rotation;
import dev.plinth.core.config.Change;
import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.node.NodeTransition.Kind;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class NodesTest {
  private Jobs jobs;
  private Nodes nodes;
  private final List<PlinthEvent> events = Collections.synchronizedList(new ArrayList<>());

  @BeforeEach
  void create(Plinth plinth, Jobs injected) {
    jobs = injected;
    nodes = jobs.nodes();
    plinth.events().afterCommit(NodeCameOnline.class, events::add);
    plinth.events().afterCommit(NodeWentOffline.class, events::add);
    plinth.events().afterCommit(NodeDeleted.class, events::add);
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
  }

  private Node registered(String name) {
    return nodes.register(NewNode.of(name, "eu-frankfurt-1"));
  }

  private List<Kind> kinds(NodeId id) {
    List<Kind> kinds =
        new ArrayList<>(nodes.lifecycle(id, null, 100).stream().map(NodeTransition::kind).toList());
    Collections.reverse(kinds);
    return kinds;
  }

  @Test
  void register_newName_isInactiveUntilHeardOf() throws Exception {
    InetAddress address = InetAddress.getByName("10.1.2.3");
    Node node =
        nodes.register(
            NewNode.of("scaler-1", "eu-frankfurt-1")
                .withIpAddress(address)
                .withDescription("beside the gateway")
                .withMetadata(Json.of("{\"rack\": 7}")));

    assertThat(node.status()).isEqualTo(NodeStatus.INACTIVE);
    assertThat(node.switchedOff()).isFalse();
    assertThat(node.lastHeartbeat()).isNull();
    assertThat(node.ipAddress()).isEqualTo(address);
    assertThat(node.description()).isEqualTo("beside the gateway");
    assertThat(node.metadata().text()).contains("7");
    assertThat(nodes.find(node.id())).contains(node);
    assertThat(nodes.named("scaler-1")).contains(node);
    assertThat(nodes.named("scaler-2")).isEmpty();
    assertThat(kinds(node.id())).containsExactly(Kind.REGISTERED);
  }

  @Test
  void register_sameNameAgain_givesTheSameUnchanged() {
    Node first = registered("scaler-1");
    assertThat(nodes.register(NewNode.of("scaler-1", "us-ashburn-1"))).isEqualTo(first);
    assertThat(kinds(first.id())).containsExactly(Kind.REGISTERED);
  }

  @Test
  void heartbeat_first_comesOnlineAndIsKept(Plinth plinth) {
    Node node = registered("scaler-1");
    UUID instance = plinth.ids().next();

    NodeStatus status =
        nodes.heartbeat(
            node.id(),
            NodeHeartbeat.well()
                .withStatus("healthy")
                .withConfigHash("abc123")
                .withMetrics(Json.of("{\"cpu\": 0.5}"))
                .withInstance(instance));

    assertThat(status).isEqualTo(NodeStatus.ACTIVE);
    Node heard = nodes.find(node.id()).orElseThrow();
    assertThat(heard.status()).isEqualTo(NodeStatus.ACTIVE);
    assertThat(heard.configHash()).isEqualTo("abc123");
    assertThat(heard.instanceId()).isEqualTo(instance);
    assertThat(heard.lastHeartbeat()).isNotNull();
    assertThat(heard.version()).isEqualTo(node.version());
    assertThat(heard.updatedAt()).isEqualTo(node.updatedAt());
    NodeBeat beat = nodes.history(node.id(), null, 10).get(0);
    assertThat(beat.status()).isEqualTo("healthy");
    assertThat(beat.configHash()).isEqualTo("abc123");
    assertThat(beat.metrics()).isNotNull();
    assertThat(beat.at()).isEqualTo(heard.lastHeartbeat());
    assertThat(kinds(node.id())).containsExactly(Kind.REGISTERED, Kind.CAME_ONLINE);
    assertThat(events)
        .containsExactly(
            new NodeCameOnline(
                node.id(),
                "scaler-1",
                "eu-frankfurt-1",
                NodeStatus.INACTIVE,
                NodeStatus.ACTIVE,
                "heartbeat"));
    Fact fact = events.get(0).fact();
    assertThat(fact.action()).isEqualTo("node.came_online");
    assertThat(fact.resourceId()).isEqualTo(node.id().toString());
  }

  @Test
  void heartbeat_tellsOfAnError_isInErrorUntilItIsWell() {
    NodeId id = registered("scaler-1").id();
    nodes.heartbeat(id, NodeHeartbeat.well().withConfigHash("abc"));
    assertThat(nodes.heartbeat(id, NodeHeartbeat.failing("disk full"))).isEqualTo(NodeStatus.ERROR);
    nodes.heartbeat(id, NodeHeartbeat.failing("disk still full"));

    NodeTransition failed = nodes.lifecycle(id, null, 1).get(0);
    assertThat(failed.kind()).isEqualTo(Kind.STATUS_CHANGED);
    assertThat(failed.previous()).isEqualTo(NodeStatus.ACTIVE);
    assertThat(failed.next()).isEqualTo(NodeStatus.ERROR);
    assertThat(failed.reason()).isEqualTo("disk full");
    assertThat(failed.triggeredBy()).isEqualTo("heartbeat");
    assertThat(nodes.find(id).orElseThrow().configHash()).isEqualTo("abc");
    assertThat(nodes.heartbeat(id, NodeHeartbeat.well())).isEqualTo(NodeStatus.ACTIVE);
    assertThat(kinds(id))
        .containsExactly(
            Kind.REGISTERED, Kind.CAME_ONLINE, Kind.STATUS_CHANGED, Kind.STATUS_CHANGED);
    assertThat(nodes.history(id, null, 10))
        .extracting(NodeBeat::errorMessage)
        .containsExactly(null, "disk still full", "disk full", null);
  }

  @Test
  void silentNode_isOfflineOnceAndComesBack(Plinth plinth, SettableClock clock) {
    NodeId silent = registered("silent").id();
    NodeId heard = registered("heard").id();
    NodeId never = registered("never heard of").id();
    nodes.heartbeat(silent, NodeHeartbeat.well());
    nodes.heartbeat(heard, NodeHeartbeat.well());
    clock.advance(Duration.ofSeconds(119));
    plinth.maintenance().runNow(Nodes.TASK);
    assertThat(nodes.find(silent).orElseThrow().status()).isEqualTo(NodeStatus.ACTIVE);
    nodes.heartbeat(heard, NodeHeartbeat.well());

    clock.advance(Duration.ofSeconds(60));
    for (int i = 0; i < 3; i++) {
      assertThat(plinth.maintenance().runNow(Nodes.TASK)).isTrue();
    }

    Node offline = nodes.find(silent).orElseThrow();
    assertThat(offline.status()).isEqualTo(NodeStatus.OFFLINE);
    assertThat(offline.statusSince()).isAfter(offline.lastHeartbeat());
    assertThat(nodes.find(heard).orElseThrow().status()).isEqualTo(NodeStatus.ACTIVE);
    assertThat(nodes.find(never).orElseThrow().status()).isEqualTo(NodeStatus.INACTIVE);
    assertThat(kinds(silent)).containsExactly(Kind.REGISTERED, Kind.CAME_ONLINE, Kind.WENT_OFFLINE);
    NodeTransition went = nodes.lifecycle(silent, null, 1).get(0);
    assertThat(went.reason()).isEqualTo("No heartbeat for more than 120 seconds");
    assertThat(went.triggeredBy()).isEqualTo("system");
    assertThat(went.extraData().text()).contains("lastHeartbeat");
    assertThat(events.get(events.size() - 1))
        .isEqualTo(
            new NodeWentOffline(
                silent,
                "silent",
                "eu-frankfurt-1",
                NodeStatus.ACTIVE,
                offline.lastHeartbeat(),
                "system"));
    assertThat(events.get(events.size() - 1).fact().action()).isEqualTo("node.went_offline");

    assertThat(nodes.heartbeat(silent, NodeHeartbeat.failing("was away")))
        .isEqualTo(NodeStatus.ERROR);
    assertThat(kinds(silent).subList(3, 4)).containsExactly(Kind.CAME_ONLINE);
    assertThat(events.get(events.size() - 1)).isInstanceOf(NodeCameOnline.class);
  }

  @Test
  void silentNode_otherBound_isOfflineAfterThat(Plinth plinth, SettableClock clock) {
    NodeId id = registered("patient").id();
    nodes.heartbeat(id, NodeHeartbeat.well());
    plinth
        .configuration()
        .set(Nodes.OFFLINE_AFTER, Duration.ofHours(1), Change.byTheHost().because("slow"));
    clock.advance(Duration.ofMinutes(59));
    plinth.maintenance().runNow(Nodes.TASK);
    assertThat(nodes.find(id).orElseThrow().status()).isEqualTo(NodeStatus.ACTIVE);
    clock.advance(Duration.ofMinutes(2));
    plinth.maintenance().runNow(Nodes.TASK);
    assertThat(nodes.find(id).orElseThrow().status()).isEqualTo(NodeStatus.OFFLINE);
  }

  @Test
  void silentNodes_subscriberRefusesOne_theOthersAreOffline(Plinth plinth, SettableClock clock) {
    List<NodeId> ids = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      ids.add(registered("n" + i).id());
      nodes.heartbeat(ids.get(i), NodeHeartbeat.well());
    }
    plinth
        .events()
        .inTransaction(
            NodeWentOffline.class,
            (tx, event) -> {
              if (event.name().equals("n2")) {
                throw new IllegalStateException("refused");
              }
            });
    clock.advance(Duration.ofMinutes(5));
    plinth.maintenance().runNow(Nodes.TASK);
    assertThat(nodes.list(NodeFilter.all().status(NodeStatus.OFFLINE), null, 10)).hasSize(4);
    assertThat(nodes.find(ids.get(2)).orElseThrow().status()).isEqualTo(NodeStatus.ACTIVE);
    assertThat(kinds(ids.get(2))).doesNotContain(Kind.WENT_OFFLINE);
  }

  @Test
  void changeStatus_switchedOff_heartbeatsChangeNothingUntilSwitchedOn(
      Plinth plinth, SettableClock clock) {
    NodeId id = registered("scaler-1").id();
    nodes.heartbeat(id, NodeHeartbeat.well());

    Node off =
        nodes.changeStatus(
            id,
            NodeStatus.INACTIVE,
            StatusChange.because("new disks").by("ada").withExtraData(Json.of("{\"ticket\": 12}")));

    assertThat(off.status()).isEqualTo(NodeStatus.INACTIVE);
    assertThat(off.switchedOff()).isTrue();
    assertThat(nodes.heartbeat(id, NodeHeartbeat.well())).isEqualTo(NodeStatus.INACTIVE);
    clock.advance(Duration.ofHours(1));
    plinth.maintenance().runNow(Nodes.TASK);
    assertThat(nodes.find(id).orElseThrow().status()).isEqualTo(NodeStatus.INACTIVE);
    NodeTransition switched = nodes.lifecycle(id, null, 1).get(0);
    assertThat(switched.reason()).isEqualTo("new disks");
    assertThat(switched.triggeredBy()).isEqualTo("ada");
    assertThat(switched.extraData().text()).contains("12");
    nodes.changeStatus(id, NodeStatus.INACTIVE, StatusChange.because("still"));
    assertThat(kinds(id)).containsExactly(Kind.REGISTERED, Kind.CAME_ONLINE, Kind.STATUS_CHANGED);

    Node on = nodes.changeStatus(id, NodeStatus.ACTIVE, StatusChange.because("done"));

    assertThat(on.status()).isEqualTo(NodeStatus.ACTIVE);
    assertThat(on.switchedOff()).isFalse();
    // Its last heartbeat is an hour old, but the bound begins anew with what somebody says.
    plinth.maintenance().runNow(Nodes.TASK);
    assertThat(nodes.find(id).orElseThrow().status()).isEqualTo(NodeStatus.ACTIVE);
    clock.advance(Duration.ofMinutes(3));
    plinth.maintenance().runNow(Nodes.TASK);
    assertThat(nodes.find(id).orElseThrow().status()).isEqualTo(NodeStatus.OFFLINE);
  }

  @Test
  void changeStatus_neverHeardOf_canBeSwitchedOffAllTheSame() {
    NodeId id = registered("scaler-1").id();
    assertThat(nodes.changeStatus(id, NodeStatus.INACTIVE, StatusChange.because("not yet")))
        .satisfies(node -> assertThat(node.switchedOff()).isTrue());
    assertThat(nodes.heartbeat(id, NodeHeartbeat.well())).isEqualTo(NodeStatus.INACTIVE);
    assertThat(kinds(id)).containsExactly(Kind.REGISTERED, Kind.STATUS_CHANGED);
    assertThat(nodes.changeStatus(id, NodeStatus.OFFLINE, StatusChange.because("stolen")).status())
        .isEqualTo(NodeStatus.OFFLINE);
    assertThat(events).last().isInstanceOf(NodeWentOffline.class);
  }

  @Test
  void update_secondOfTwoReaders_isRefused(Plinth plinth) throws Exception {
    Node node = registered("scaler-1");
    nodes.heartbeat(node.id(), NodeHeartbeat.well());

    Node moved =
        nodes.update(
            node.withRegion("us-ashburn-1")
                .withDescription("moved")
                .withIpAddress(InetAddress.getByName("fe80::1"))
                .withMetadata(Json.of("{\"a\": 1}")));

    assertThat(moved.region()).isEqualTo("us-ashburn-1");
    assertThat(moved.description()).isEqualTo("moved");
    assertThat(moved.ipAddress().getHostAddress()).startsWith("fe80:");
    assertThat(moved.version()).isEqualTo(node.version() + 1);
    assertThat(moved.status()).as("what the heartbeat said").isEqualTo(NodeStatus.ACTIVE);
    plinth.transact(
        tx -> {
          assertThatThrownBy(() -> nodes.in(tx).update(node.withDescription("other")))
              .isInstanceOf(StaleNodeException.class);
          assertThat(nodes.in(tx).find(node.id()).orElseThrow().description()).isEqualTo("moved");
        });
    nodes.delete(node.id());
    assertThatThrownBy(() -> nodes.update(moved)).isInstanceOf(StaleNodeException.class);
  }

  private static ApiKey key(Plinth plinth, KeyOwner owner) {
    return plinth.apiKeys().issue(NewApiKey.of(owner, "k")).key();
  }

  @Test
  void assignKey_nodesKey_findsTheNodeAlsoAfterRotation(Plinth plinth) {
    Node node = registered("scaler-1");
    Node other = registered("scaler-2");
    ApiKey key = key(plinth, KeyOwner.node(node.id().toString()));

    assertThat(nodes.assignKey(node.id(), key.id()).apiKeyId()).isEqualTo(key.id());

    UUID next =
        ((Rotation.Rotated) plinth.apiKeys().rotate(key.id(), Duration.ofDays(1)))
            .issued()
            .key()
            .id();
    assertThat(nodes.ofKey(key.id())).map(Node::id).contains(node.id());
    assertThat(nodes.ofKey(next)).map(Node::id).contains(node.id());
    assertThat(nodes.ofKey(UUID.randomUUID())).isEmpty();
    plinth.transact(
        tx -> {
          assertThatThrownBy(() -> nodes.in(tx).assignKey(other.id(), key.id()))
              .isInstanceOf(NodeKeyException.class)
              .hasMessageContaining("is that of node " + node.id());
          assertThatThrownBy(
                  () -> nodes.in(tx).assignKey(other.id(), key(plinth, KeyOwner.service("s")).id()))
              .isInstanceOf(NodeKeyException.class)
              .hasMessageContaining("is owned by a service");
          assertThatThrownBy(() -> nodes.in(tx).assignKey(other.id(), UUID.randomUUID()))
              .isInstanceOf(NodeKeyException.class)
              .hasMessageContaining("does not exist");
          nodes.in(tx).assignKey(other.id(), next);
        });
    assertThat(nodes.ofKey(next)).as("its own key comes first").map(Node::id).contains(other.id());
    assertThat(nodes.assignKey(node.id(), null).apiKeyId()).isNull();
    assertThat(nodes.ofKey(key.id())).isEmpty();
  }

  @Test
  void delete_takesItsHistoryAlong(Plinth plinth) {
    NodeId id = registered("scaler-1").id();
    NodeId kept = registered("scaler-2").id();
    nodes.heartbeat(id, NodeHeartbeat.well());
    nodes.heartbeat(kept, NodeHeartbeat.well());
    nodes.configure(id, "a: 1");

    assertThat(nodes.delete(id)).isTrue();
    assertThat(nodes.delete(id)).isFalse();

    assertThat(nodes.find(id)).isEmpty();
    assertThat(nodes.history(id, null, 10)).isEmpty();
    assertThat(nodes.lifecycle(id, null, 10)).isEmpty();
    assertThat(nodes.configurations(id, null, 10)).isEmpty();
    assertThat(nodes.history(kept, null, 10)).hasSize(1);
    assertThat(events).last().isEqualTo(new NodeDeleted(id, "scaler-1", "eu-frankfurt-1"));
    assertThatThrownBy(() -> nodes.heartbeat(id, NodeHeartbeat.well()))
        .isInstanceOf(UnknownNodeException.class)
        .hasMessageContaining(id.toString());
    assertThatThrownBy(
            () -> nodes.changeStatus(id, NodeStatus.ACTIVE, StatusChange.because("why not")))
        .isInstanceOf(UnknownNodeException.class);
    assertThat(registered("scaler-1").id()).isNotEqualTo(id);
  }

  @Test
  void configure_newText_replacesTheOneInForce() {
    NodeId id = registered("scaler-1").id();
    assertThat(nodes.configuration(id)).isEmpty();
    NodeConfiguration first = nodes.configure(id, "pools: 1\n");
    assertThat(nodes.configure(id, "pools: 1\n")).isEqualTo(first);
    NodeConfiguration second = nodes.configure(id, "pools: 2\n");

    assertThat(first.hash())
        .as("printf 'pools: 1\\n' | sha256sum")
        .isEqualTo("08eac21c8df487a18541139583025c1cb73d030f3f9249873d175ed63b973978");
    assertThat(nodes.configuration(id)).contains(second);
    assertThat(nodes.configurations(id, null, 10))
        .extracting(NodeConfiguration::config, NodeConfiguration::isActive)
        .containsExactly(tuple("pools: 2\n", true), tuple("pools: 1\n", false));
    assertThat(nodes.configurations(id, second.id(), 10)).hasSize(1);
    assertThatThrownBy(() -> nodes.configure(new NodeId(UUID.randomUUID()), "x"))
        .isInstanceOf(UnknownNodeException.class);
  }

  @Test
  void pages_followOnEachOther() {
    List<NodeId> made = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      made.add(registered("n" + i).id());
    }
    List<Node> first = nodes.list(NodeFilter.all(), null, 3);
    List<Node> rest = nodes.list(NodeFilter.all(), first.get(2).id(), 3);
    assertThat(first).extracting(Node::id).isEqualTo(made.subList(0, 3));
    assertThat(rest).extracting(Node::id).isEqualTo(made.subList(3, 5));
    assertThat(nodes.list(NodeFilter.all().region("nowhere"), null, 3)).isEmpty();
    assertThat(
            nodes.list(
                NodeFilter.all().region("eu-frankfurt-1").status(NodeStatus.INACTIVE), null, 9))
        .hasSize(5);

    NodeId id = made.get(0);
    for (int i = 0; i < 3; i++) {
      nodes.heartbeat(id, NodeHeartbeat.well());
      nodes.heartbeat(id, NodeHeartbeat.failing("e" + i));
    }
    List<NodeBeat> beats = nodes.history(id, null, 4);
    assertThat(nodes.history(id, beats.get(3).id(), 4))
        .extracting(NodeBeat::errorMessage)
        .containsExactly("e0", null);
    List<NodeTransition> log = nodes.lifecycle(id, null, 6);
    assertThat(nodes.lifecycle(id, log.get(5).id(), 6))
        .extracting(NodeTransition::kind)
        .containsExactly(Kind.REGISTERED);
  }

  @Test
  void tenants_eachSeesAndWritesItsOwn(Plinth plinth) {
    TxOptions a = TxOptions.defaults().withTenant("a");
    TxOptions b = TxOptions.defaults().withTenant("b");
    Node own = plinth.transactReturning(a, tx -> nodes.in(tx).register(NewNode.of("n", "r")));
    Node others = plinth.transactReturning(b, tx -> nodes.in(tx).register(NewNode.of("n", "r")));
    assertThat(own.id()).isNotEqualTo(others.id());
    assertThat(registered("n").tenantId()).isNull();

    plinth.transact(
        b,
        tx -> {
          Nodes seen = nodes.in(tx);
          assertThat(seen.find(own.id())).isEmpty();
          assertThat(seen.named("n")).map(Node::id).contains(others.id());
          assertThat(seen.list(NodeFilter.all(), null, 9))
              .extracting(Node::id)
              .containsExactly(others.id());
          assertThat(seen.delete(own.id())).isFalse();
          assertThatThrownBy(() -> seen.heartbeat(own.id(), NodeHeartbeat.well()))
              .isInstanceOf(UnknownNodeException.class);
          assertThatThrownBy(() -> seen.update(own.withRegion("x")))
              .isInstanceOf(StaleNodeException.class);
          assertThatThrownBy(() -> seen.configure(own.id(), "x"))
              .isInstanceOf(UnknownNodeException.class);
          assertThatThrownBy(
                  () -> seen.changeStatus(own.id(), NodeStatus.ERROR, StatusChange.because("x")))
              .isInstanceOf(UnknownNodeException.class);
          assertThatThrownBy(() -> seen.assignKey(own.id(), null))
              .isInstanceOf(UnknownNodeException.class);
          assertThat(seen.lifecycle(own.id(), null, 9)).isEmpty();
          seen.heartbeat(others.id(), NodeHeartbeat.well());
          assertThat(seen.history(others.id(), null, 9)).hasSize(1);
        });
    plinth.transact(a, tx -> assertThat(nodes.in(tx).history(others.id(), null, 9)).isEmpty());
  }

  @Test
  void badInput_refusedBySayingWhich() {
    NodeId id = registered("n").id();
    Map.<String, Runnable>ofEntries(
            Map.entry("name", () -> NewNode.of("", "r")),
            Map.entry("region", () -> NewNode.of("n", "r".repeat(101))),
            Map.entry("metadata", () -> NewNode.of("n", "r").withMetadata(Json.of("[1]"))),
            Map.entry(
                "description", () -> NewNode.of("n", "r").withDescription("d".repeat(10_001))),
            Map.entry("status", () -> NodeHeartbeat.well().withStatus("s".repeat(51))),
            Map.entry("configHash", () -> NodeHeartbeat.well().withConfigHash("c".repeat(65))),
            Map.entry("errorMessage", () -> NodeHeartbeat.failing("e\0")),
            Map.entry("reason", () -> StatusChange.because(" ")),
            Map.entry("triggeredBy", () -> StatusChange.because("x").by("y".repeat(101))),
            Map.entry("limit", () -> nodes.list(NodeFilter.all(), null, 1_001)),
            Map.entry("config", () -> nodes.configure(id, "c".repeat(1_000_001))),
            Map.entry("id", () -> nodes.heartbeat(null, NodeHeartbeat.well())),
            Map.entry("heartbeat", () -> nodes.heartbeat(id, null)))
        .forEach(
            (argument, call) ->
                assertThatThrownBy(call::run)
                    .as(argument)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith(argument));
  }
}
