package dev.plinth.test;

import dev.plinth.core.PlinthBuilder;

/**
 * Changes how the Plinth under test is built: other modules, other keys, an executor. Named in
 * {@link PlinthTest#customizer()}, which needs a constructor without parameters, or given to {@link
 * PlinthFixture.Builder#customize}.
 */
@FunctionalInterface
public interface PlinthCustomizer {
  /**
   * Called with a builder that has its data source, schema, clock, keys and node name already; once
   * for every Plinth made, so it must do the same each time.
   */
  void customize(PlinthBuilder builder);

  /** Changes nothing. */
  final class None implements PlinthCustomizer {
    /** For {@link PlinthTest}. */
    public None() {}

    @Override
    public void customize(PlinthBuilder builder) {}
  }
}
