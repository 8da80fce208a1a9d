package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Args;
import dev.plinth.jobs.JobGraph;
import dev.plinth.jobs.OnFailure;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** A graph's jobs, each after those that it waits for, or the reason why that cannot be. */
final class GraphOrder {
  /** Names in a circle that are told before the rest is left out. */
  private static final int TOLD = 20;

  private final Map<String, JobGraph.Node<?>> nodes = new LinkedHashMap<>();
  private final Map<String, Map<String, OnFailure>> parents = new HashMap<>();
  private final Map<String, List<String>> children = new HashMap<>();

  private GraphOrder(JobGraph graph) {
    graph.nodes().forEach(node -> nodes.put(node.name(), node));
    for (JobGraph.Edge edge : graph.edges()) {
      requireNode(edge.from());
      requireNode(edge.to());
      OnFailure before =
          parents
              .computeIfAbsent(edge.to(), name -> new LinkedHashMap<>())
              .put(edge.from(), edge.onFailure());
      if (before == null) {
        children.computeIfAbsent(edge.from(), name -> new ArrayList<>()).add(edge.to());
      }
      Args.check(
          before == null || before == edge.onFailure(),
          "graph must not have two different edges from " + edge.from() + " to " + edge.to());
    }
  }

  /**
   * A job with what it waits for inside the graph.
   *
   * @param node the job
   * @param parents by their names
   */
  record Placed(JobGraph.Node<?> node, Map<String, OnFailure> parents) {}

  /** Throws an {@link IllegalArgumentException} that names an unknown job or a circle. */
  static List<Placed> of(JobGraph graph) {
    return new GraphOrder(graph).sorted();
  }

  private void requireNode(String name) {
    Args.check(
        nodes.containsKey(name), "graph has an edge to or from " + name + ", but no such job");
  }

  private List<Placed> sorted() {
    Map<String, Integer> left = new HashMap<>();
    Deque<String> free = new ArrayDeque<>();
    for (String name : nodes.keySet()) {
      int waitsFor = parents.getOrDefault(name, Map.of()).size();
      left.put(name, waitsFor);
      if (waitsFor == 0) {
        free.add(name);
      }
    }
    List<Placed> sorted = new ArrayList<>(nodes.size());
    for (String name = free.poll(); name != null; name = free.poll()) {
      sorted.add(
          new Placed(
              Objects.requireNonNull(nodes.get(name)), parents.getOrDefault(name, Map.of())));
      left.remove(name);
      for (String child : children.getOrDefault(name, List.of())) {
        if (left.merge(child, -1, Integer::sum) == 0) {
          free.add(child);
        }
      }
    }
    Args.check(left.isEmpty(), left.isEmpty() ? "" : circle(left.keySet()));
    return sorted;
  }

  /** Every one that is left waits for another that is left, so going back must come to a circle. */
  private String circle(Set<String> left) {
    Set<String> path = new LinkedHashSet<>();
    String at = left.iterator().next();
    while (path.add(at)) {
      at =
          parents.getOrDefault(at, Map.of()).keySet().stream()
              .filter(left::contains)
              .findFirst()
              .orElseThrow();
    }
    List<String> names = new ArrayList<>(path);
    names = new ArrayList<>(names.subList(names.indexOf(at), names.size()));
    Collections.reverse(names);
    names.add(0, at);
    String told =
        names.size() <= TOLD + 1
            ? String.join(" → ", names)
            : String.join(" → ", names.subList(0, TOLD)) + " → … → " + at;
    return "graph must not go round in a circle, but " + told + " does";
  }
}
