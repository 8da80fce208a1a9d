package dev.plinth.test;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * More nodes on the database under test: Plinths that know nothing of each other but what the
 * database tells them. All are closed when the test ends. Safe for use by many threads.
 */
public final class TestNodes {
  private final TestDatabase database;
  private final String schema;
  private final PlinthCustomizer customizer;
  private final Deque<TestNode> nodes = new ArrayDeque<>();

  TestNodes(TestDatabase database, String schema, PlinthCustomizer customizer) {
    this.database = database;
    this.schema = schema;
    this.customizer = customizer;
  }

  /** A node whose Plinth is started: it beats, listens and maintains. */
  public TestNode start(String name) {
    TestNode node = add(name);
    node.plinth().start();
    return node;
  }

  /** A node whose Plinth is built and not started. */
  public TestNode add(String name) {
    return add(name, customizer);
  }

  /** A node whose Plinth is built in another way than the test's others, and not started. */
  public synchronized TestNode add(String name, PlinthCustomizer differently) {
    TestNode node = new TestNode(database, schema, name, differently);
    nodes.push(node);
    return node;
  }

  synchronized void close() {
    Deque<TestNode> closing = new ArrayDeque<>(nodes);
    nodes.clear();
    Closing.all(closing);
  }
}
