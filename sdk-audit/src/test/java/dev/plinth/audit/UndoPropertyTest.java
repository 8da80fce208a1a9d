package dev.plinth.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.audit.internal.AuditModule;
import dev.plinth.test.MigrationProperties;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

class UndoPropertyTest {
  @Property(tries = 2, shrinking = ShrinkingMode.OFF)
  void audit_everyVersionUndoneAndDoneAgainWithRows_isTheSame(@ForAll long seed) {
    Map<String, Integer> filled =
        MigrationProperties.of(List.of(new AuditModule()), "audit").check(seed);

    assertThat(filled.get("audit_actions")).as("audit_actions: %s", filled).isPositive();
  }
}
