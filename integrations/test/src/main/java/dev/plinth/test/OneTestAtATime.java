package dev.plinth.test;

import java.lang.reflect.Method;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.parallel.ResourceLocksProvider;

/**
 * Tells JUnit that the tests of one class share something, its database, so that they run one after
 * another even where tests run in parallel. Classes do not wait for each other.
 */
public final class OneTestAtATime implements ResourceLocksProvider {
  /** For JUnit. */
  public OneTestAtATime() {}

  @Override
  public Set<Lock> provideForClass(Class<?> testClass) {
    return Set.of(new Lock("dev.plinth.test " + testClass.getName()));
  }

  @Override
  public Set<Lock> provideForNestedClass(
      List<Class<?>> enclosingInstanceTypes, Class<?> testClass) {
    return Set.of();
  }

  @Override
  public Set<Lock> provideForMethod(
      List<Class<?>> enclosingInstanceTypes, Class<?> testClass, Method testMethod) {
    return Set.of();
  }
}
