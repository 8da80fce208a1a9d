package dev.plinth.jobs.internal.node;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.node.NewNode;
import dev.plinth.jobs.node.Node;
import dev.plinth.jobs.node.NodeBeat;
import dev.plinth.jobs.node.NodeConfiguration;
import dev.plinth.jobs.node.NodeFilter;
import dev.plinth.jobs.node.NodeHeartbeat;
import dev.plinth.jobs.node.NodeId;
import dev.plinth.jobs.node.NodeStatus;
import dev.plinth.jobs.node.NodeTransition;
import dev.plinth.jobs.node.Nodes;
import dev.plinth.jobs.node.StatusChange;
import dev.plinth.jobs.node.UnknownNodeException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** {@link Nodes} in a scope: one transaction, or a short one for each call. */
public final class NodeRepository implements Nodes {
  private static final int MAX_PAGE = 1_000;
  private static final int MAX_CONFIG = 1_000_000;

  private final TxScope scope;
  private final Parts parts;

  private record Parts(
      ReadNodes read,
      WriteNodes write,
      AssignKey assignKey,
      Transitions transitions,
      NodeHistory history,
      Configurations configurations) {}

  private NodeRepository(TxScope scope, Parts parts) {
    this.scope = scope;
    this.parts = parts;
  }

  /** Works in the thread's current transaction or a short one of its own. */
  public static NodeRepository standalone(Plinth plinth) {
    Schema schema = plinth.schema();
    ReadNodes read = new ReadNodes(schema);
    return new NodeRepository(
        TxScope.standalone(plinth),
        new Parts(
            read,
            new WriteNodes(schema, plinth.ids(), plinth.events(), read),
            new AssignKey(schema, read),
            new Transitions(schema, plinth.ids(), plinth.events()),
            new NodeHistory(schema),
            new Configurations(schema, plinth.ids())));
  }

  @Override
  public Nodes in(Tx tx) {
    return new NodeRepository(TxScope.of(tx), parts);
  }

  @Override
  public Node register(NewNode node) {
    Args.notNull(node, "node");
    return scope.returning(tx -> parts.write().register(Writable.require(tx), node));
  }

  @Override
  public Optional<Node> find(NodeId id) {
    Args.notNull(id, "id");
    return scope.returning(tx -> parts.read().find(tx, id));
  }

  @Override
  public Optional<Node> named(String name) {
    Args.text(name, 255, "name");
    return scope.returning(tx -> parts.read().named(tx, name));
  }

  @Override
  public Optional<Node> ofKey(UUID apiKeyId) {
    Args.notNull(apiKeyId, "apiKeyId");
    return scope.returning(tx -> parts.read().ofKey(tx, apiKeyId));
  }

  @Override
  public List<Node> list(NodeFilter filter, @Nullable NodeId after, int limit) {
    Args.notNull(filter, "filter");
    Args.range(limit, 1, MAX_PAGE, "limit");
    return scope.returning(tx -> parts.read().list(tx, filter, after, limit));
  }

  @Override
  public Node update(Node node) {
    Args.notNull(node, "node");
    return scope.returning(tx -> parts.write().update(Writable.require(tx), node));
  }

  @Override
  public Node assignKey(NodeId id, @Nullable UUID apiKeyId) {
    Args.notNull(id, "id");
    return scope.returning(tx -> parts.assignKey().run(Writable.require(tx), id, apiKeyId));
  }

  @Override
  public NodeStatus heartbeat(NodeId id, NodeHeartbeat heartbeat) {
    Args.notNull(id, "id");
    Args.notNull(heartbeat, "heartbeat");
    return scope.returning(
        tx ->
            parts
                .transitions()
                .heartbeat(Writable.require(tx), id, heartbeat)
                .orElseThrow(() -> new UnknownNodeException(id)));
  }

  @Override
  public Node changeStatus(NodeId id, NodeStatus status, StatusChange why) {
    Args.notNull(id, "id");
    Args.notNull(status, "status");
    Args.notNull(why, "why");
    return scope.returning(
        tx ->
            parts
                .transitions()
                .byHand(Writable.require(tx), id, status, why)
                .flatMap(changed -> parts.read().find(tx, id))
                .orElseThrow(() -> new UnknownNodeException(id)));
  }

  @Override
  public boolean delete(NodeId id) {
    Args.notNull(id, "id");
    return scope.returning(tx -> parts.write().delete(Writable.require(tx), id));
  }

  @Override
  public List<NodeBeat> history(NodeId id, @Nullable UUID before, int limit) {
    Args.notNull(id, "id");
    Args.range(limit, 1, MAX_PAGE, "limit");
    return scope.returning(tx -> parts.history().beats(tx, id, before, limit));
  }

  @Override
  public List<NodeTransition> lifecycle(NodeId id, @Nullable Long before, int limit) {
    Args.notNull(id, "id");
    Args.range(limit, 1, MAX_PAGE, "limit");
    return scope.returning(tx -> parts.history().transitions(tx, id, before, limit));
  }

  @Override
  public NodeConfiguration configure(NodeId id, String config) {
    Args.notNull(id, "id");
    Args.bounded(config, MAX_CONFIG, "config");
    return scope.returning(tx -> parts.configurations().put(Writable.require(tx), id, config));
  }

  @Override
  public Optional<NodeConfiguration> configuration(NodeId id) {
    Args.notNull(id, "id");
    return scope.returning(tx -> parts.configurations().active(tx, id));
  }

  @Override
  public List<NodeConfiguration> configurations(NodeId id, @Nullable UUID before, int limit) {
    Args.notNull(id, "id");
    Args.range(limit, 1, MAX_PAGE, "limit");
    return scope.returning(tx -> parts.configurations().page(tx, id, before, limit));
  }
}
