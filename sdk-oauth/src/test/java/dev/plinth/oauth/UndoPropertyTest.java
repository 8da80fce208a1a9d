package dev.plinth.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.oauth.internal.OAuthModule;
import dev.plinth.test.MigrationProperties;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

class UndoPropertyTest {
  @Property(tries = 2, shrinking = ShrinkingMode.OFF)
  void oauth_everyVersionUndoneAndDoneAgainWithRows_isTheSame(@ForAll long seed) {
    Map<String, Integer> filled =
        MigrationProperties.of(List.of(new OAuthModule()), "oauth").check(seed);

    assertThat(filled.get("oauth2_tokens")).as("oauth2_tokens: %s", filled).isPositive();
  }
}
