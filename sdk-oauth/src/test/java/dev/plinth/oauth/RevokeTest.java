package dev.plinth.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestNodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest(start = true)
class RevokeTest extends OAuthTestCase {
  private static final NeedsConsent.Reason REVOKED = NeedsConsent.Reason.REVOKED;

  @BeforeEach
  void withRevocationEndpoint() {
    tokens
        .providers()
        .save(issuer.provider().revocationEndpoint(issuer.revocationEndpoint()).build());
  }

  @Test
  void revoke_storedToken_deletesItAndTellsTheProvider() {
    TokenSet granted = issuer.expired();
    tokens.store(user, "acme", granted);
    List<TokenRevoked> events = new ArrayList<>();
    plinth.events().inTransaction(TokenRevoked.class, (tx, event) -> events.add(event));

    assertThat(tokens.revoke(user, "acme")).isTrue();
    assertThat(tokens.revoke(user, "acme")).isFalse();

    assertThat(tokens.fresh(user, "acme")).isEqualTo(new NeedsConsent(user, "acme", REVOKED));
    assertThat(events).hasSize(1);
    Awaitility.await()
        .untilAsserted(
            () ->
                assertThat(tokens.refreshes(user, "acme").get(0).outcome())
                    .isEqualTo(TokenRefresh.Outcome.SUCCEEDED));
    assertThat(issuer.revoked()).containsExactly(granted.refreshToken());
    assertThat(secretsLeft()).isZero();
  }

  @Test
  void revoke_rolledBack_changesNothingAndTellsNobody() {
    tokens.store(user, "acme", TokenSet.of("a").expiresIn(Duration.ofHours(1)));

    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      tokens.in(tx).revoke(user, "acme");
                      throw new IllegalStateException("the host changed its mind");
                    }))
        .hasMessage("the host changed its mind");

    assertThat(tokens.fresh(user, "acme")).isInstanceOf(Fresh.class);
    assertThat(issuer.revoked()).isEmpty();
  }

  @Test
  void revoke_onOneNode_isForgottenByAnother(TestNodes nodes) {
    Tokens other = nodes.start("other").get(Tokens.class);
    tokens.store(user, "acme", TokenSet.of("a").expiresIn(Duration.ofHours(1)));
    assertThat(other.fresh(user, "acme")).isInstanceOf(Fresh.class);

    tokens.revoke(user, "acme");

    Awaitility.await()
        .pollInterval(Duration.ofMillis(50))
        .until(() -> other.fresh(user, "acme") instanceof NeedsConsent);
  }

  @Test
  void revoke_duringARefresh_winsAndRevokesWhatTheRefreshBrought() throws Exception {
    tokens.store(user, "acme", issuer.expired());
    HostileIssuer.Gate gate = new HostileIssuer.Gate();
    issuer.holdNextAnswer(gate);
    var refreshing = Background.run(() -> tokens.fresh(user, "acme"));
    gate.awaitArrival();

    tokens.revoke(user, "acme");
    gate.open();

    assertThat(refreshing.get()).isEqualTo(new NeedsConsent(user, "acme", REVOKED));
    Awaitility.await().untilAsserted(() -> assertThat(issuer.revoked()).hasSize(2));
    Awaitility.await().untilAsserted(() -> assertThat(secretsLeft()).isZero());
  }

  @Test
  void revoke_providerRefusesTheClientForADay_isToldAgainUntilItTakesIt(SettableClock clock) {
    TokenSet granted = issuer.expired();
    tokens.store(user, "acme", granted);
    for (int i = 0; i < 10; i++) {
      issuer.nextRevocationAnswer(i % 2 == 0 ? 401 : 503, "{\"error\":\"invalid_client\"}");
    }
    tokens.revoke(user, "acme");
    Awaitility.await().until(() -> issuer.revocationAnswersLeft() == 9);

    clock.advance(Duration.ofMinutes(1));
    plinth.maintenance().runNow("oauth.revocations");
    Awaitility.await().until(() -> issuer.revocationAnswersLeft() == 8);
    plinth.maintenance().runNow("oauth.revocations");
    assertThat(issuer.revocationAnswersLeft()).as("not due yet").isEqualTo(8);
    sweepEveryFourHoursUntil(TokenRefresh.Outcome.SUCCEEDED, clock);

    assertThat(issuer.revoked()).containsExactly(granted.refreshToken());
    assertThat(secretsLeft()).isZero();
  }

  @Test
  void revoke_providerNeverTakesIt_isGivenUpAfterDaysAndForgotten(SettableClock clock) {
    tokens.store(user, "acme", issuer.expired());
    for (int i = 0; i < 500; i++) {
      issuer.nextRevocationAnswer(503, "");
    }
    tokens.revoke(user, "acme");
    sweepEveryFourHoursUntil(TokenRefresh.Outcome.FAILED, clock);

    assertThat(issuer.revocationAnswersLeft()).as("told at least twelve times").isLessThan(489);
    assertThat(issuer.revoked()).isEmpty();
    assertThat(secretsLeft()).isZero();
  }

  @Test
  void revoke_nothingStored_isFalse() {
    assertThat(tokens.revoke(user, "acme")).isFalse();
  }

  private void sweepEveryFourHoursUntil(TokenRefresh.Outcome outcome, SettableClock clock) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .pollInterval(Duration.ofMillis(10))
        .until(
            () -> {
              clock.advance(Duration.ofHours(4));
              plinth.maintenance().runNow("oauth.revocations");
              return tokens.refreshes(user, "acme").get(0).outcome() == outcome;
            });
  }

  private int secretsLeft() {
    return plinth
        .<List<Integer>, RuntimeException>transactReturning(
            tx ->
                Sql.query(
                    tx.connection(),
                    plinth
                        .schema()
                        .render(
                            """
                            SELECT count(t.access_token) + count(t.refresh_token)
                                   + count(t.id_token) + count(r.kept_tokens)
                            FROM {schema}.oauth2_tokens t
                            LEFT JOIN {schema}.oauth2_token_refreshes r ON r.token_id = t.id
                            """),
                    row -> row.getInt(1)))
        .get(0);
  }
}
