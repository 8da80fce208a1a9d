package dev.plinth.test;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A migrated database, its clock and a Plinth on it, for tests that do not run under JUnit Jupiter,
 * such as jqwik's properties; {@link PlinthTest} does the same by annotation.
 *
 * <pre>{@code
 * try (PlinthFixture fixture = PlinthFixture.create()) {
 *   Jobs jobs = fixture.get(Jobs.class);
 *   ...
 *   fixture.reset(); // before the next try
 * }
 * }</pre>
 *
 * <p>Made within some tens of milliseconds after the first, whose migrations all others copy. Safe
 * for use by many threads, except that {@link #reset()} and {@link #close()} end what others use.
 */
public final class PlinthFixture implements AutoCloseable {
  private final Templates.Template template;
  private final TestDatabase database;
  private final Builder settings;
  private final TestNodes nodes;
  private @Nullable TestNode node;

  private PlinthFixture(Builder settings) {
    this.settings = settings;
    TestServer server = TestServer.get(settings.durable);
    this.template = Templates.get(server, settings.schema, settings.customizer);
    this.database = TestDatabase.copyOf(template.database(), server);
    this.nodes = new TestNodes(database, settings.schema, settings.customizer);
  }

  /** With every default: not durable, schema {@code plinth}, the modules on the class path. */
  public static PlinthFixture create() {
    return builder().create();
  }

  /** Begins a fixture that departs from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** The database. */
  public TestDatabase database() {
    return database;
  }

  /** The clock of the database and of every Plinth on it. */
  public SettableClock clock() {
    return database.clock();
  }

  /** The Plinth, until the next {@link #reset()}. */
  public Plinth plinth() {
    return node().plinth();
  }

  /**
   * A module's entry point, made with its defaults when first asked for, until the next {@link
   * #reset()}.
   *
   * @throws IllegalArgumentException when no module on the class path has such an entry point
   */
  public <T> T get(Class<T> entryPoint) {
    return node().get(entryPoint);
  }

  /** More Plinths on the same database. */
  public TestNodes nodes() {
    return nodes;
  }

  /**
   * Begins anew: closes the Plinth and every other node, empties Plinth's tables but for what the
   * migrations put there, sets the clock to the present, and builds another Plinth when next asked.
   * Other tables are left alone, unless their rows refer to Plinth's. If the schema itself was
   * changed, the whole database is made anew, which ends every connection to it.
   */
  public synchronized void reset() {
    closeNodes();
    if (!DatabaseSide.restore(database, template.schema())) {
      database.recreate(template.database());
    }
    database.clock().reset();
  }

  synchronized TestNode node() {
    TestNode current = node;
    if (current == null) {
      current = new TestNode(database, settings.schema, "test", settings.customizer);
      node = current;
      if (settings.start) {
        current.plinth().start();
      }
    }
    return current;
  }

  /** A node that outlives resets; the caller's to close. */
  TestNode nodeBesides() {
    return new TestNode(database, settings.schema, "class", settings.customizer);
  }

  boolean makes(Class<?> type) {
    return template.entryPoints().contains(type);
  }

  synchronized void closeNodes() {
    TestNode ending = node;
    node = null;
    Closing.all(
        ending == null
            ? List.<AutoCloseable>of(nodes::close)
            : List.<AutoCloseable>of(nodes::close, ending));
  }

  /** Closes the Plinths and drops the database. */
  @Override
  public synchronized void close() {
    Closing.all(List.<AutoCloseable>of(this::closeNodes, database));
  }

  /** What a fixture is made with. Not safe for use by many threads. */
  public static final class Builder {
    private boolean durable;
    private boolean start;
    private String schema = Schema.DEFAULT_NAME;
    private PlinthCustomizer customizer = new PlinthCustomizer.None();

    private Builder() {}

    /** A server with {@code fsync=on}: needed to prove anything about crashes, and slower. */
    public Builder durable(boolean durable) {
      this.durable = durable;
      return this;
    }

    /** Whether the Plinth is started, now and after each reset. */
    public Builder start(boolean start) {
      this.start = start;
      return this;
    }

    /** The schema that holds Plinth's tables. */
    public Builder schema(String schema) {
      this.schema = schema;
      return this;
    }

    /** Changes how every Plinth of this fixture is built. */
    public Builder customize(PlinthCustomizer customizer) {
      this.customizer = customizer;
      return this;
    }

    /** Makes the fixture: a new database, migrated. */
    public PlinthFixture create() {
      return new PlinthFixture(this);
    }
  }
}
