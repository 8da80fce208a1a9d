package dev.plinth.jobs.node;

import dev.plinth.core.config.Setting;
import dev.plinth.core.tx.Tx;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The repository of {@code nodes}. Standalone calls run in the thread's current transaction or a
 * short one of their own; {@link #in(Tx)} gives the same in a transaction at hand. Blocks; safe for
 * use by many threads.
 *
 * <p>A node's status is moved by its heartbeats, by the task {@link #TASK} of a started Plinth, and
 * by hand; each change is written to its life cycle in the same transaction, so that the one always
 * tells of the other. In a transaction with a tenant only that tenant's nodes are found and
 * written.
 */
public interface Nodes {
  /** The maintenance task that declares nodes offline, every ten seconds. */
  String TASK = "jobs.nodes";

  /** The maintenance task that drops old heartbeats, every hour. */
  String RETENTION_TASK = "jobs.node_heartbeats";

  /**
   * How long a node may be silent before it is offline, by the database's clock; from a second to
   * 365 days, two minutes unless set. It is noticed within ten seconds after.
   */
  Setting<Duration> OFFLINE_AFTER =
      Setting.ofDuration("nodes.offline_after", Duration.ofMinutes(2))
          .check(
              value ->
                  value.compareTo(Duration.ofSeconds(1)) >= 0
                      && value.compareTo(Duration.ofDays(365)) <= 0,
              "must be from a second to 365 days");

  /**
   * How long heartbeats are kept; from a day to ten years, 30 days unless set. They are dropped by
   * the day, for which the role of the migration DataSource, else the application's, must own the
   * tables.
   */
  Setting<Duration> KEEP_HEARTBEATS =
      Setting.ofDuration("nodes.keep_heartbeats", Duration.ofDays(30))
          .check(
              value ->
                  value.compareTo(Duration.ofDays(1)) >= 0
                      && value.compareTo(Duration.ofDays(3_660)) <= 0,
              "must be from a day to ten years");

  /** The same repository, working in the given transaction. */
  Nodes in(Tx tx);

  /**
   * Registers a node, inactive until it is heard of. One of that name that is there already is
   * returned as it stands, whatever else is asked for; so of several callers at once one registers
   * it, and all get the same.
   */
  Node register(NewNode node);

  /** By its id. */
  Optional<Node> find(NodeId id);

  /** By its name, within the transaction's tenant. */
  Optional<Node> named(String name);

  /**
   * The node that acts with this API key: with it, or with one that it was rotated from. What to
   * call with the id of a key that {@code plinth.apiKeys().authenticate(…)} found good.
   */
  Optional<Node> ofKey(UUID apiKeyId);

  /**
   * A page of nodes in ascending order of id, that is of registration.
   *
   * @param after the last id of the page before, or null for the first
   * @param limit from 1 to 1,000
   */
  List<Node> list(NodeFilter filter, @Nullable NodeId after, int limit);

  /**
   * Writes region, address, description and metadata.
   *
   * @return the node as it now stands
   * @throws StaleNodeException when somebody else changed these since it was read, or it is gone
   */
  Node update(Node node);

  /**
   * Gives a node the API key it acts with, or takes it away. The key must be owned by a node, in
   * the same tenant, and no other node may have it.
   *
   * @param apiKeyId null for none
   * @throws UnknownNodeException when there is no such node
   * @throws NodeKeyException when the key will not do
   */
  Node assignKey(NodeId id, @Nullable UUID apiKeyId);

  /**
   * Records that a node was heard of: one statement. It becomes active, or in error if it says that
   * something is wrong, unless it was switched off by hand; when it was inactive or offline until
   * now, that it came online is logged and announced in the same transaction.
   *
   * @return the node's status after it
   * @throws UnknownNodeException when there is no such node
   */
  NodeStatus heartbeat(NodeId id, NodeHeartbeat heartbeat);

  /**
   * Changes a node's status by hand. {@code INACTIVE} switches it off: heartbeats are recorded and
   * change nothing until somebody changes the status again. Any other lasts until the next
   * heartbeat or the lack of one says otherwise. Does nothing when it stands so already.
   *
   * @return the node as it now stands
   * @throws UnknownNodeException when there is no such node
   */
  Node changeStatus(NodeId id, NodeStatus status, StatusChange why);

  /**
   * Deletes a node with its heartbeats, life cycle and configurations, and announces {@link
   * NodeDeleted}. Its API key stays.
   *
   * @return false when there is no such node
   */
  boolean delete(NodeId id);

  /**
   * A page of a node's heartbeats, the last first, as far back as they are kept.
   *
   * @param before the last id of the page before, or null for the first
   * @param limit from 1 to 1,000
   */
  List<NodeBeat> history(NodeId id, @Nullable UUID before, int limit);

  /**
   * A page of the changes of a node's status, the last first.
   *
   * @param before the last id of the page before, or null for the first
   * @param limit from 1 to 1,000
   */
  List<NodeTransition> lifecycle(NodeId id, @Nullable Long before, int limit);

  /**
   * Puts a configuration in force for a node, and the one before out of it. The same text again
   * changes nothing.
   *
   * @param config in whatever form the node reads, at most 1,000,000 characters; no place for
   *     secrets
   * @return the one in force
   * @throws UnknownNodeException when there is no such node
   */
  NodeConfiguration configure(NodeId id, String config);

  /** The configuration in force. */
  Optional<NodeConfiguration> configuration(NodeId id);

  /**
   * A page of a node's configurations, the last first.
   *
   * @param before the last id of the page before, or null for the first
   * @param limit from 1 to 1,000
   */
  List<NodeConfiguration> configurations(NodeId id, @Nullable UUID before, int limit);
}
