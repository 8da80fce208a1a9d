package dev.plinth.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A node that dies, or seems to, while the provider has its call. */
@Tag("proof")
@PlinthTest(durable = true)
class CrashTest {
  private final HostileIssuer issuer = new HostileIssuer();
  private final HostileIssuer.Gate gate = new HostileIssuer.Gate();
  private Plinth plinth;
  private Tokens tokens;
  private UUID user;

  @BeforeEach
  void open(TestDatabase database) {
    plinth = database.plinth(database.pool(5)).instanceTimeToLive(Duration.ofSeconds(1)).build();
    plinth.start();
    tokens =
        Tokens.builder(plinth)
            .provider(issuer.provider().httpTimeout(Duration.ofSeconds(3)).build())
            .lease(Duration.ofSeconds(4))
            .build();
    user = plinth.users().create(NewUser.withExternalId("ada")).id();
    tokens.store(user, "acme", issuer.expired());
    issuer.holdNextAnswer(gate);
  }

  @AfterEach
  void close() {
    tokens.close();
    plinth.close();
    issuer.close();
  }

  @Test
  void fresh_nodeKilledMidCallAndIssuerForgiving_anotherTakesOver(TestDatabase database) {
    issuer.reuse(HostileIssuer.Reuse.IS_FORGIVEN);
    try (ForkedJvm jvm = ForkedJvm.start(Caller.class, database.url(), user.toString())) {
      gate.awaitArrival();
      jvm.kill();
    }

    assertThat(tokens.fresh(user, "acme")).isInstanceOf(Fresh.class);

    assertThat(issuer.posts()).as("the call that died and one retry").isEqualTo(2);
    assertThat(tokens.refreshes(user, "acme"))
        .extracting(TokenRefresh::outcome)
        .containsExactly(TokenRefresh.Outcome.SUCCEEDED, TokenRefresh.Outcome.UNKNOWN);
  }

  @Test
  void fresh_nodeKilledMidCallAndIssuerStrict_needsConsentAfterOneRetry(TestDatabase database) {
    try (ForkedJvm jvm = ForkedJvm.start(Caller.class, database.url(), user.toString())) {
      gate.awaitArrival();
      jvm.kill();
    }

    assertThat(tokens.fresh(user, "acme")).isInstanceOf(NeedsConsent.class);
    assertThat(issuer.posts()).isEqualTo(2);
    assertThat(issuer.familiesKilled()).as("by the one retry").isOne();
  }

  @Test
  void fresh_answerReachesAPausedNodeAfterAnotherGaveUp_isStoredAndUsed(TestDatabase database) {
    issuer.reuse(HostileIssuer.Reuse.IS_REFUSED);
    try (ForkedJvm jvm = ForkedJvm.start(Caller.class, database.url(), user.toString())) {
      gate.awaitArrival();
      jvm.pause();
      gate.open();
      assertThat(tokens.fresh(user, "acme"))
          .as("the lease has ended and its owner was declared dead")
          .isInstanceOf(NeedsConsent.class);

      jvm.resume();

      Awaitility.await()
          .untilAsserted(
              () ->
                  assertThat(tokens.find(user, "acme").orElseThrow().status())
                      .isEqualTo(StoredToken.Status.ACTIVE));
      assertThat(tokens.fresh(user, "acme")).isInstanceOf(Fresh.class);
      assertThat(issuer.posts()).isEqualTo(2);
    }
  }

  static final class Caller {
    public static void main(String[] args) {
      try (TestDatabase database = TestDatabase.attach(args[0]);
          Plinth plinth =
              database.plinth(database.pool(3)).instanceTimeToLive(Duration.ofSeconds(1)).build();
          Tokens tokens = Tokens.builder(plinth).lease(Duration.ofSeconds(4)).build()) {
        plinth.start();
        tokens.fresh(UUID.fromString(args[1]), "acme");
        ForkedJvm.report("done");
      }
    }
  }
}
