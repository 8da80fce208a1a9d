package dev.plinth.jobs.internal;

import dev.plinth.core.json.Json;
import dev.plinth.core.json.JsonCodec;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.JobGraph;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobKind;
import dev.plinth.jobs.JobOptions;
import dev.plinth.jobs.OnFailure;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;

/** A graph on its way into the tables; everything is checked and written as JSON before any SQL. */
final class EnqueueGraph {
  private final Statements statements;
  private final List<Item> items = new ArrayList<>();

  private record Item(
      String name,
      JobKind<?> kind,
      JobOptions options,
      Json document,
      Map<String, OnFailure> parents) {}

  /** What jobs have in common that one statement writes. */
  private record Group(JobKind<?> kind, JobOptions options, boolean waits) {}

  EnqueueGraph(
      JsonCodec json, Statements statements, JobGraph graph, UnaryOperator<JobOptions> change) {
    this.statements = statements;
    for (GraphOrder.Placed placed : GraphOrder.of(graph)) {
      JobGraph.Node<?> node = placed.node();
      items.add(
          new Item(
              node.name(),
              node.kind(),
              change.apply(node.options()),
              json.write(node.args()),
              placed.parents()));
    }
  }

  boolean isEmpty() {
    return items.isEmpty();
  }

  Map<String, JobId> write(Tx tx, TxJobQueue queue) {
    Map<String, Map<JobId, OnFailure>> outside = outside(tx);
    Map<Group, List<Item>> groups = new LinkedHashMap<>();
    for (Item item : items) {
      boolean waits = !item.parents().isEmpty() || outside.containsKey(item.name());
      groups
          .computeIfAbsent(
              new Group(item.kind(), item.options(), waits), group -> new ArrayList<>())
          .add(item);
    }
    Map<String, JobId> ids = new HashMap<>();
    groups.forEach(
        (group, members) -> {
          List<JobId> written =
              queue.write(
                  tx,
                  group.kind(),
                  members.stream().map(Item::document).toList(),
                  group.options(),
                  group.waits());
          for (int i = 0; i < written.size(); i++) {
            ids.put(members.get(i).name(), written.get(i));
          }
        });
    link(tx, ids, outside);
    Map<String, JobId> ordered = new LinkedHashMap<>();
    items.forEach(item -> ordered.put(item.name(), id(ids, item.name())));
    return ordered;
  }

  /** What each job waits for outside of the graph; asked once for equal options. */
  private Map<String, Map<JobId, OnFailure>> outside(Tx tx) {
    Map<Map<JobId, OnFailure>, Map<JobId, OnFailure>> open = new HashMap<>();
    Map<String, Map<JobId, OnFailure>> outside = new HashMap<>();
    for (Item item : items) {
      Map<JobId, OnFailure> after = item.options().after();
      Map<JobId, OnFailure> left =
          open.computeIfAbsent(after, asked -> statements.graph().open(tx, asked));
      if (!left.isEmpty()) {
        outside.put(item.name(), left);
      }
    }
    return outside;
  }

  private void link(Tx tx, Map<String, JobId> ids, Map<String, Map<JobId, OnFailure>> outside) {
    List<GraphRows.Edge> edges = new ArrayList<>();
    Set<UUID> signalled = new LinkedHashSet<>();
    for (Item item : items) {
      UUID job = id(ids, item.name()).value();
      item.parents()
          .forEach(
              (parent, onFailure) ->
                  edges.add(new GraphRows.Edge(job, id(ids, parent).value(), onFailure)));
      outside
          .getOrDefault(item.name(), Map.of())
          .forEach(
              (parent, onFailure) -> {
                edges.add(new GraphRows.Edge(job, parent.value(), onFailure));
                signalled.add(job);
              });
    }
    statements.links().write(tx, edges, signalled);
  }

  private static JobId id(Map<String, JobId> ids, String name) {
    return Objects.requireNonNull(ids.get(name), name);
  }
}
