package dev.plinth.jobs.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.node.NodeTransition.Kind;
import dev.plinth.test.PlinthTest;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The rows of an autoscaler's own tables, taken over by the statements of docs/jobs/nodes.md. */
@PlinthTest
class NodeSeedsTest {
  private static final String THEIRS =
      """
      CREATE SCHEMA theirs;
      CREATE TYPE theirs.node_status AS ENUM ('ACTIVE', 'INACTIVE', 'ERROR', 'OFFLINE');
      CREATE TABLE theirs.nodes (
        id SERIAL PRIMARY KEY, name VARCHAR(255) NOT NULL, region VARCHAR(100) NOT NULL,
        ip_address VARCHAR(45), description TEXT, status theirs.node_status DEFAULT 'INACTIVE',
        api_key_hash VARCHAR(64) UNIQUE, last_heartbeat TIMESTAMP, created_at TIMESTAMP DEFAULT NOW());
      CREATE TABLE theirs.node_configurations (
        id SERIAL PRIMARY KEY, node_id INTEGER REFERENCES theirs.nodes(id) NOT NULL,
        yaml_config TEXT NOT NULL, config_hash VARCHAR(64) NOT NULL, is_active BOOLEAN DEFAULT TRUE,
        created_at TIMESTAMP DEFAULT NOW());
      CREATE TABLE theirs.node_heartbeats (
        id SERIAL PRIMARY KEY, node_id INTEGER REFERENCES theirs.nodes(id) NOT NULL,
        config_hash VARCHAR(64), status VARCHAR(50) NOT NULL, error_message TEXT, metrics_data TEXT,
        timestamp TIMESTAMP DEFAULT NOW());
      CREATE TABLE theirs.node_lifecycle_logs (
        id SERIAL PRIMARY KEY, node_id INTEGER REFERENCES theirs.nodes(id) NOT NULL,
        event_type VARCHAR(50) NOT NULL, previous_status VARCHAR(50), new_status VARCHAR(50) NOT NULL,
        reason TEXT, triggered_by VARCHAR(100), extra_data TEXT, timestamp TIMESTAMP DEFAULT NOW());
      INSERT INTO theirs.nodes (name, region, ip_address, description, status, api_key_hash, last_heartbeat)
      VALUES ('one', 'eu-frankfurt-1', '10.0.0.1', 'the first', 'OFFLINE', repeat('ab', 32), NOW()),
             ('two', 'us-ashburn-1', NULL, NULL, 'INACTIVE', NULL, NULL),
             ('six', 'us-ashburn-1', '2001:db8::6', NULL, 'ACTIVE', NULL, NOW());
      INSERT INTO theirs.node_configurations (node_id, yaml_config, config_hash, is_active)
      VALUES (1, 'pools: 1', repeat('1', 64), FALSE), (1, 'pools: 2', repeat('2', 64), TRUE);
      INSERT INTO theirs.node_heartbeats (node_id, config_hash, status, error_message, metrics_data)
      VALUES (1, repeat('1', 64), 'ACTIVE', NULL, '{"pools": 3}'), (1, NULL, 'ERROR', 'no quota', NULL),
             (3, repeat('3', 64), 'ACTIVE', NULL, NULL);
      INSERT INTO theirs.node_lifecycle_logs
        (node_id, event_type, previous_status, new_status, reason, triggered_by, extra_data)
      VALUES (1, 'CAME_ONLINE', 'INACTIVE', 'ACTIVE', NULL, 'heartbeat', NULL),
             (1, 'WENT_OFFLINE', 'ACTIVE', 'OFFLINE', 'silent', 'system', '{"seconds": 130}'),
             (3, 'CAME_ONLINE', 'OFFLINE', 'ACTIVE', NULL, 'manual', NULL);
      """;

  private static final String TAKEN_OVER =
      """
      CREATE TABLE theirs.ids AS SELECT id, gen_random_uuid() AS node_id, gen_random_uuid() AS key_id FROM theirs.nodes;
      INSERT INTO plinth.api_keys (id, owner_type, owner_id, name, prefix, key_hash, created_at)
      SELECT i.key_id, 'node', i.node_id::text, n.name, 'node', decode(n.api_key_hash, 'hex'), n.created_at
      FROM theirs.nodes n JOIN theirs.ids i USING (id) WHERE n.api_key_hash IS NOT NULL;
      INSERT INTO plinth.nodes (id, name, region, ip_address, description, status, status_since, api_key_id,
        last_heartbeat, config_hash, created_at, updated_at)
      SELECT i.node_id, n.name, n.region, n.ip_address::inet, n.description, lower(n.status::text),
        coalesce((SELECT max(l.timestamp) FROM theirs.node_lifecycle_logs l WHERE l.node_id = n.id), n.created_at),
        CASE WHEN n.api_key_hash IS NOT NULL THEN i.key_id END, n.last_heartbeat,
        (SELECT h.config_hash FROM theirs.node_heartbeats h
         WHERE h.node_id = n.id AND h.config_hash IS NOT NULL ORDER BY h.id DESC LIMIT 1),
        n.created_at, n.created_at
      FROM theirs.nodes n JOIN theirs.ids i USING (id);
      INSERT INTO plinth.node_configurations (id, node_id, config, config_hash, is_active, created_at)
      SELECT gen_random_uuid(), i.node_id, c.yaml_config, c.config_hash, c.is_active, c.created_at
      FROM theirs.node_configurations c JOIN theirs.ids i ON i.id = c.node_id;
      -- Ids are of version 7, from the time of the heartbeat: they choose the partition.
      INSERT INTO plinth.node_heartbeats (id, node_id, config_hash, status, error_message, metrics, created_at)
      SELECT (lpad(to_hex((extract(epoch FROM h.timestamp::timestamptz) * 1000)::bigint), 12, '0')
          || '7' || left(md5(h.id::text), 3) || '8' || right(md5(h.id::text), 15))::uuid,
        i.node_id, h.config_hash, h.status, h.error_message, h.metrics_data::jsonb, h.timestamp
      FROM theirs.node_heartbeats h JOIN theirs.ids i ON i.id = h.node_id;
      INSERT INTO plinth.node_lifecycle_logs (node_id, event_type, previous_status, new_status, triggered_by, created_at)
      SELECT i.node_id, 'registered', NULL,
        coalesce((SELECT lower(l.previous_status) FROM theirs.node_lifecycle_logs l
                  WHERE l.node_id = n.id ORDER BY l.id LIMIT 1), lower(n.status::text)), 'manual', n.created_at
      FROM theirs.nodes n JOIN theirs.ids i USING (id);
      INSERT INTO plinth.node_lifecycle_logs (node_id, event_type, previous_status, new_status, reason,
        triggered_by, extra_data, created_at)
      SELECT i.node_id, lower(l.event_type), lower(l.previous_status), lower(l.new_status), l.reason,
        l.triggered_by, l.extra_data::jsonb, l.timestamp
      FROM theirs.node_lifecycle_logs l JOIN theirs.ids i ON i.id = l.node_id ORDER BY l.id;
      """;

  @Test
  void rowsOfTheSeed_takenOver_areAllThere(Plinth plinth, Jobs jobs) {
    plinth.transact(
        tx -> {
          Sql.execute(tx.connection(), THEIRS);
          Sql.execute(tx.connection(), TAKEN_OVER);
        });
    Nodes nodes = jobs.nodes();

    Node one = nodes.named("one").orElseThrow();
    assertThat(one.region()).isEqualTo("eu-frankfurt-1");
    assertThat(one.ipAddress().getHostAddress()).isEqualTo("10.0.0.1");
    assertThat(one.description()).isEqualTo("the first");
    assertThat(one.status()).isEqualTo(NodeStatus.OFFLINE);
    assertThat(one.lastHeartbeat()).isNotNull();
    assertThat(one.configHash()).isEqualTo("1".repeat(64));
    assertThat(nodes.ofKey(one.apiKeyId())).map(Node::id).contains(one.id());
    assertThat(nodes.list(NodeFilter.all(), null, 9))
        .extracting(Node::status)
        .containsExactlyInAnyOrder(NodeStatus.OFFLINE, NodeStatus.INACTIVE, NodeStatus.ACTIVE);
    assertThat(nodes.configurations(one.id(), null, 9))
        .extracting(NodeConfiguration::config)
        .containsExactlyInAnyOrder("pools: 1", "pools: 2");
    assertThat(nodes.configuration(one.id())).map(NodeConfiguration::hash).contains("2".repeat(64));
    assertThat(nodes.history(one.id(), null, 9))
        .extracting(NodeBeat::status)
        .containsExactlyInAnyOrder("ACTIVE", "ERROR");
    List<NodeTransition> log = nodes.lifecycle(one.id(), null, 9);
    assertThat(log)
        .extracting(NodeTransition::kind)
        .containsExactly(Kind.WENT_OFFLINE, Kind.CAME_ONLINE, Kind.REGISTERED);
    assertThat(log.get(0).reason()).isEqualTo("silent");
    assertThat(log.get(0).triggeredBy()).isEqualTo("system");
    assertThat(log.get(0).extraData().text()).contains("130");
    assertThat(plinth.apiKeys().find(one.apiKeyId()).orElseThrow().owner().id())
        .isEqualTo(one.id().toString());
    assertThat(jobs.check()).isEmpty();
    assertThat(nodes.heartbeat(one.id(), NodeHeartbeat.well())).isEqualTo(NodeStatus.ACTIVE);
    assertThat(jobs.check()).isEmpty();
  }
}
