package dev.plinth.jobs.internal.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.config.Change;
import dev.plinth.core.partition.Partition;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.node.NewNode;
import dev.plinth.jobs.node.NodeBeat;
import dev.plinth.jobs.node.NodeHeartbeat;
import dev.plinth.jobs.node.NodeId;
import dev.plinth.jobs.node.Nodes;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A class of its own, since it drops the partition of the present. */
@PlinthTest
class NodePartitionsTest {
  @Test
  void drop_daysGoneBy_theirHeartbeatsAreDroppedAndOthersKept(
      Plinth plinth, Jobs jobs, SettableClock clock) {
    Nodes nodes = jobs.nodes();
    NodeId id = nodes.register(NewNode.of("n", "r")).id();
    nodes.heartbeat(id, NodeHeartbeat.well());
    for (int day = 1; day <= 4; day++) {
      clock.advance(Duration.ofDays(1));
      plinth.partitions().ensureAhead();
      nodes.heartbeat(id, NodeHeartbeat.well().withStatus("day " + day));
    }
    plinth.configuration().set(Nodes.KEEP_HEARTBEATS, Duration.ofDays(1), Change.byTheHost());
    List<Partition> before = plinth.partitions().list(NodeTasks.HEARTBEATS);
    assertThat(before.get(0).to()).isEqualTo(before.get(0).from().plus(Duration.ofDays(1)));
    assertThat(nodes.history(id, null, 9)).hasSize(5);

    assertThat(plinth.maintenance().runNow(Nodes.RETENTION_TASK)).isTrue();

    // The day before yesterday is gone, yesterday may still hold what is less than a day old.
    assertThat(nodes.history(id, null, 9))
        .extracting(NodeBeat::status)
        .containsExactly("day 4", "day 3");
    List<Partition> after = plinth.partitions().list(NodeTasks.HEARTBEATS);
    assertThat(before).hasSize(after.size() + 3);
    assertThat(after.get(0).to()).isAfter(clock.instant().minus(Duration.ofDays(1)));
    assertThat(nodes.find(id).orElseThrow().lastHeartbeat()).isNotNull();
    assertThat(plinth.maintenance().status())
        .filteredOn(task -> task.name().equals(Nodes.RETENTION_TASK))
        .allSatisfy(task -> assertThat(task.lastError()).isNull());
    assertThat(jobs.check()).isEmpty();
  }
}
