package dev.plinth.jobs.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.test.PlinthTest;
import org.junit.jupiter.api.Test;

@PlinthTest
class RepairsTest {
  @Test
  void everyInvariant_isMendedOrSaidWhyNot(Plinth plinth) {
    Statements statements = new Statements(plinth);
    assertThat(statements.invariants().names())
        .hasSizeGreaterThanOrEqualTo(22)
        .contains("one-place", "batches-equal-rows", "waits-for-something", "within-limits")
        .contains("schedule-goes-on", "deadlines-looked-at", "node-status-logged")
        .allMatch(statements.repairs()::knows);
    assertThat(statements.repairs().knows("something else")).isFalse();
  }
}
