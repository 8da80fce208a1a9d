package dev.plinth.quota;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.quota.internal.QuotaModule;
import dev.plinth.test.MigrationProperties;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

class UndoPropertyTest {
  @Property(tries = 2, shrinking = ShrinkingMode.OFF)
  void quota_everyVersionUndoneAndDoneAgainWithRows_isTheSame(@ForAll long seed) {
    Map<String, Integer> filled =
        MigrationProperties.of(List.of(new QuotaModule()), "quota").check(seed);

    assertThat(filled.get("user_usage")).as("user_usage: %s", filled).isPositive();
  }
}
