package dev.plinth.test;

import dev.plinth.core.Plinth;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * Behind {@link PlinthTest}: a {@link PlinthFixture} for each test class, reset before each test.
 */
public final class PlinthExtension
    implements BeforeAllCallback,
        BeforeEachCallback,
        AfterEachCallback,
        AfterAllCallback,
        ParameterResolver {
  private static final ExtensionContext.Namespace SPACE =
      ExtensionContext.Namespace.create(PlinthExtension.class);

  /** For JUnit. */
  public PlinthExtension() {}

  @Override
  public void beforeAll(ExtensionContext context) {
    classSpace(context);
  }

  private static PlinthFixture fixture(Optional<PlinthTest> annotation) {
    PlinthFixture.Builder builder = PlinthFixture.builder();
    annotation.ifPresent(
        test ->
            builder
                .durable(test.durable())
                .schema(test.schema())
                .start(test.start())
                .customize(ReflectionSupport.newInstance(test.customizer())));
    return builder.create();
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    testNode(context);
  }

  @Override
  public void afterEach(ExtensionContext context) {
    TestNode node = store(context).remove(TestNode.class, TestNode.class);
    if (node != null) {
      classSpace(context).fixture.closeNodes();
    }
  }

  @Override
  public void afterAll(ExtensionContext context) {
    ClassSpace space = store(context).remove(ClassSpace.class, ClassSpace.class);
    if (space != null) {
      space.close();
    }
  }

  /** So that what a constructor gets belongs to the test that the instance is made for. */
  @Override
  public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext root) {
    return ExtensionContextScope.TEST_METHOD;
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == Plinth.class
        || type == TestDatabase.class
        || type == SettableClock.class
        || type == TestNodes.class
        || type == DataSource.class
        || classSpace(context).fixture.makes(type);
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    PlinthFixture fixture = classSpace(context).fixture;
    TestNode node =
        context.getTestMethod().isPresent() ? testNode(context) : classSpace(context).node();
    Class<?> type = parameter.getParameter().getType();
    if (type == TestDatabase.class) {
      return fixture.database();
    }
    if (type == SettableClock.class) {
      return fixture.clock();
    }
    if (type == TestNodes.class) {
      return fixture.nodes();
    }
    return type == DataSource.class ? node.dataSource() : node.get(type);
  }

  /** The test's node; the first who asks, be it its constructor, resets the fixture. */
  private static TestNode testNode(ExtensionContext context) {
    return store(context)
        .getOrComputeIfAbsent(
            TestNode.class,
            absent -> {
              PlinthFixture fixture = classSpace(context).fixture;
              fixture.reset();
              return fixture.node();
            },
            TestNode.class);
  }

  /**
   * The space of the class, or of the class around it; made by the first who asks, which is the
   * constructor where one instance serves all tests.
   */
  private static ClassSpace classSpace(ExtensionContext context) {
    ClassSpace found = store(context).get(ClassSpace.class, ClassSpace.class);
    if (found != null && context.getTestMethod().isPresent()) {
      return found;
    }
    Class<?> type = context.getRequiredTestClass();
    Optional<PlinthTest> test = AnnotationSupport.findAnnotation(type, PlinthTest.class);
    if (found != null && (test.isEmpty() || found.owner == type)) {
      return found;
    }
    ClassSpace made = new ClassSpace(type, fixture(test));
    store(context).put(ClassSpace.class, made);
    return made;
  }

  private static ExtensionContext.Store store(ExtensionContext context) {
    return context.getStore(SPACE);
  }

  /** What belongs to a test class: the fixture, and a node for those who ask outside a test. */
  private static final class ClassSpace implements AutoCloseable {
    private final Class<?> owner;
    private final PlinthFixture fixture;
    private @Nullable TestNode node;

    ClassSpace(Class<?> owner, PlinthFixture fixture) {
      this.owner = owner;
      this.fixture = fixture;
    }

    synchronized TestNode node() {
      TestNode current = node;
      if (current == null) {
        current = fixture.nodeBesides();
        node = current;
      }
      return current;
    }

    @Override
    public synchronized void close() {
      TestNode ending = node;
      Closing.all(
          ending == null
              ? List.<AutoCloseable>of(fixture)
              : List.<AutoCloseable>of(ending, fixture));
    }
  }
}
