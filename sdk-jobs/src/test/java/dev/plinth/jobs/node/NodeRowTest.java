package dev.plinth.jobs.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Jobs;
import dev.plinth.test.PlinthTest;
import org.junit.jupiter.api.Test;

/**
 * A class of its own, since it counts what a table's statistics have counted from the beginning.
 */
@PlinthTest
class NodeRowTest {
  @Test
  void heartbeats_many_updateTheRowWhereItLies(Plinth plinth, Jobs jobs) {
    Nodes nodes = jobs.nodes();
    NodeId id =
        nodes
            .register(NewNode.of("scaler-1", "r").withDescription("a description. ".repeat(30)))
            .id();
    for (int i = 0; i <= 500; i++) {
      nodes.heartbeat(id, NodeHeartbeat.well().withConfigHash("h" + i));
    }
    // Told by the server some time after. The first heartbeat changed the status, and its index.
    await().until(() -> counter(plinth, "n_tup_upd") == 501);
    // Autovacuum's look at the table may keep a page from being pruned for a moment.
    assertThat(counter(plinth, "n_tup_hot_upd")).isBetween(490L, 500L);
    assertThat(counter(plinth, "pg_relation_size(relid) / 8192")).as("pages").isLessThan(5);
  }

  private static long counter(Plinth plinth, String what) {
    return plinth.<Long, RuntimeException>transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    "SELECT " + what + " FROM pg_stat_user_tables WHERE relname = 'nodes'",
                    row -> row.getLong(1))
                .get(0));
  }
}
