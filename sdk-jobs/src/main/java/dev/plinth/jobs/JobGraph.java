package dev.plinth.jobs;

import dev.plinth.core.spi.Args;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Collects jobs that wait for one another, to be enqueued in one transaction by {@link
 * JobQueue#enqueue(JobGraph)}. Names are for the graph alone and are not kept. Not safe for use by
 * many threads.
 *
 * <pre>{@code
 * Map<String, JobId> ids =
 *     jobs.enqueue(
 *         JobGraph.create()
 *             .add("fetch", FETCH, new Source("…"))
 *             .add("parse", PARSE, new Format("csv"))
 *             .add("clean up", CLEAN, new Folder("…"))
 *             .edge("fetch", "parse")
 *             .edge("parse", "clean up", OnFailure.RUN));
 * }</pre>
 */
public final class JobGraph {
  /** As many jobs may be in one graph, and as many edges in ten. */
  public static final int MOST_NODES = 100_000;

  private final Map<String, Node<?>> nodes = new LinkedHashMap<>();
  private final List<Edge> edges = new ArrayList<>();

  /**
   * A job of a graph.
   *
   * @param name its name in the graph
   * @param kind its kind
   * @param args its arguments
   * @param options how it is enqueued
   * @param <A> the arguments
   */
  public record Node<A>(String name, JobKind<A> kind, A args, JobOptions options) {
    /** Checks the arguments; a job of a graph cannot be unique. */
    public Node {
      Args.text(name, 255, "name");
      Args.notNull(kind, "kind");
      Args.notNull(args, "args");
      Args.notNull(options, "options");
      Args.check(
          options.unique() == null,
          "options must not say that a job of a graph is unique, since edges cannot lead to one"
              + " that is there already: enqueue it by itself, and have others wait for its id");
    }
  }

  /**
   * One job of a graph waits for another.
   *
   * @param from the name of the one that must end first
   * @param to the name of the one that waits
   * @param onFailure what becomes of it when the first one does not complete
   */
  public record Edge(String from, String to, OnFailure onFailure) {
    /** Checks the arguments. */
    public Edge {
      Args.text(from, 255, "from");
      Args.text(to, 255, "to");
      Args.notNull(onFailure, "onFailure");
    }
  }

  private JobGraph() {}

  /** An empty one. */
  public static JobGraph create() {
    return new JobGraph();
  }

  /** Adds a job with its kind's defaults. */
  public <A> JobGraph add(String name, JobKind<A> kind, A args) {
    return add(name, kind, args, JobOptions.defaults());
  }

  /**
   * Adds a job. Its options may name further jobs to wait for, outside of the graph.
   *
   * @throws IllegalArgumentException when the graph has a job of that name, or the options say that
   *     it is unique
   */
  public <A> JobGraph add(String name, JobKind<A> kind, A args, JobOptions options) {
    Args.check(nodes.size() < MOST_NODES, "graph must have at most " + MOST_NODES + " jobs");
    Node<A> node = new Node<>(name, kind, args, options);
    Args.check(
        nodes.putIfAbsent(name, node) == null,
        "name must be new to the graph, but it has a job " + name + " already");
    return this;
  }

  /** Has {@code to} wait for {@code from}, and be cancelled if that does not complete. */
  public JobGraph edge(String from, String to) {
    return edge(from, to, OnFailure.CANCEL);
  }

  /** Has {@code to} wait for {@code from}. Both may be added later. */
  public JobGraph edge(String from, String to, OnFailure onFailure) {
    Args.check(
        edges.size() < 10 * MOST_NODES, "graph must have at most " + 10 * MOST_NODES + " edges");
    edges.add(new Edge(from, to, onFailure));
    return this;
  }

  /** The jobs, in the order of their adding. */
  public Collection<Node<?>> nodes() {
    return List.copyOf(nodes.values());
  }

  /** The edges, in the order of their adding. */
  public List<Edge> edges() {
    return List.copyOf(edges);
  }
}
