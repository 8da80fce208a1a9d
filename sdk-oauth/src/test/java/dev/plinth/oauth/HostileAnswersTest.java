package dev.plinth.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@PlinthTest(start = true)
class HostileAnswersTest extends OAuthTestCase {
  @ParameterizedTest
  @ValueSource(ints = {429, 503})
  void fresh_busyProvider_isLeftAloneForAsLongAsItWants(int status, SettableClock clock) {
    tokens.store(user, "acme", issuer.expired());
    issuer.nextAnswer(status, "busy", "Retry-After", "120");

    TokenRefreshException refused = failure();
    clock.advance(Duration.ofSeconds(110));
    TokenRefreshException still = failure();
    clock.advance(Duration.ofSeconds(15));

    assertThat(refused.errorClass()).isEqualTo(ErrorClass.TRANSIENT);
    assertThat(refused.error()).isEqualTo("http_" + status);
    assertThat(still.retryAt()).isEqualTo(refused.retryAt()).isPresent();
    assertThat(issuer.posts()).isOne();
    assertThat(tokens.fresh(user, "acme")).isInstanceOf(Fresh.class);
  }

  @Test
  void fresh_refusedClient_opensTheBreakerAndCondemnsNobody(SettableClock clock) {
    tokens.store(user, "acme", issuer.expired());
    issuer.nextAnswer(401, "{\"error\":\"invalid_client\"}");

    assertThat(failure().errorClass()).isEqualTo(ErrorClass.CONFIGURATION);
    assertThat(failure().error()).isEqualTo("invalid_client");
    assertThat(issuer.posts()).isOne();

    tokens.providers().save(issuer.provider().build());
    assertThat(tokens.fresh(user, "acme")).isInstanceOf(Fresh.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"invalid_scope", "invalid_request", "what_is_this", ""})
  void fresh_oneGrantIsRefused_leavesTheOthersAlone(String error) {
    UUID other = plinth.users().create(NewUser.withExternalId("bob")).id();
    tokens.store(user, "acme", issuer.expired());
    tokens.store(other, "acme", issuer.expired());
    issuer.nextAnswer(400, error.isEmpty() ? "" : "{\"error\":\"" + error + "\"}");

    assertThat(failure().errorClass()).isEqualTo(ErrorClass.CONFIGURATION);

    assertThat(tokens.fresh(other, "acme")).isInstanceOf(Fresh.class);
    assertThat(failure().retryAt()).as("this grant is paused").isPresent();
    assertThat(issuer.posts()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"interaction_required", "consent_required", "login_required"})
  void fresh_providerWantsTheUser_needsConsent(String error) {
    tokens.store(user, "acme", issuer.expired());
    issuer.nextAnswer(400, "{\"error\":\"" + error + "\"}");

    assertThat(tokens.fresh(user, "acme")).isInstanceOf(NeedsConsent.class);
  }

  @Test
  void fresh_breakerOpens_pausesTheGrantThatOpenedIt() {
    tokens.store(user, "acme", issuer.expired());
    issuer.nextAnswer(401, "{\"error\":\"unauthorized_client\"}");

    failure();

    assertThat(
            plinth.<List<Integer>, RuntimeException>transactReturning(
                tx ->
                    Sql.query(
                        tx.connection(),
                        plinth
                            .schema()
                            .render(
                                """
                                SELECT t.failures
                                FROM {schema}.oauth2_tokens t
                                JOIN {schema}.oauth2_providers p ON p.id = t.provider_id
                                WHERE t.next_attempt_at > {now} AND p.breaker_until > {now}
                                """),
                        row -> row.getInt(1))))
        .containsExactly(1);
  }

  @Test
  void fresh_redirect_isNotFollowed() {
    tokens.store(user, "acme", issuer.expired());
    issuer.nextAnswer(302, "", "Location", issuer.tokenEndpoint().toString());

    assertThat(failure().error()).isEqualTo("http_302");
    assertThat(issuer.posts()).isOne();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "not json",
        "[]",
        "{\"access_token\":7}",
        "{\"access_token\":\"a\",\"access_token\":\"b\"}",
        "{}"
      })
  void fresh_unreadableAnswer_isUnknownAndTheOldTokenIsSentOnceMore(String body) {
    tokens.store(user, "acme", issuer.expired());
    issuer.nextAnswer(200, body);

    assertThat(tokens.fresh(user, "acme")).isInstanceOf(Fresh.class);

    assertThat(outcomes())
        .containsExactly(TokenRefresh.Outcome.SUCCEEDED, TokenRefresh.Outcome.UNKNOWN);
    assertThat(tokens.refreshes(user, "acme").get(0).attempt()).isEqualTo(2);
  }

  @Test
  void fresh_hugeAnswer_isCutOff() {
    tokens.store(user, "acme", issuer.expired());
    issuer.nextAnswer(200, "{\"access_token\":\"" + "a".repeat(1_000_000) + "\"}");

    assertThat(tokens.fresh(user, "acme")).isInstanceOf(Fresh.class);

    assertThat(tokens.refreshes(user, "acme").get(1).error()).isEqualTo("answer_too_large");
  }

  @Test
  void fresh_twoUnreadableAnswers_waitsInsteadOfAskingForConsent(SettableClock clock) {
    tokens.store(user, "acme", issuer.expired());
    issuer.nextAnswer(200, "1");
    issuer.nextAnswer(200, "2");

    assertThat(failure().errorClass()).isEqualTo(ErrorClass.UNKNOWN);
    assertThat(issuer.posts()).isEqualTo(2);
    clock.advance(Duration.ofMinutes(1));

    assertThat(tokens.fresh(user, "acme")).isInstanceOf(Fresh.class);
  }

  @Test
  void fresh_answerLostAndIssuerForgiving_savesTheGrant() {
    issuer.reuse(HostileIssuer.Reuse.IS_FORGIVEN);
    tokens.store(user, "acme", issuer.expired());
    issuer.loseNextAnswer();

    assertThat(tokens.fresh(user, "acme")).isInstanceOf(Fresh.class);
    assertThat(issuer.posts()).isEqualTo(2);
  }

  @Test
  void fresh_answerLostAndIssuerStrict_needsConsentAfterOneRetry() {
    tokens.store(user, "acme", issuer.expired());
    issuer.loseNextAnswer();

    assertThat(tokens.fresh(user, "acme")).isInstanceOf(NeedsConsent.class);
    assertThat(issuer.posts()).isEqualTo(2);
    assertThat(issuer.familiesKilled()).isOne();
  }

  @Test
  void fresh_slowProvider_isGivenUpAtTheTimeout() {
    tokens.providers().save(issuer.provider().httpTimeout(Duration.ofSeconds(3)).build());
    tokens.store(user, "acme", issuer.expired());
    HostileIssuer.Gate never = new HostileIssuer.Gate();
    issuer.holdNextAnswer(never);
    issuer.reuse(HostileIssuer.Reuse.IS_FORGIVEN);

    assertThat(tokens.fresh(user, "acme")).isInstanceOf(Fresh.class);

    assertThat(tokens.refreshes(user, "acme").get(1).error()).isEqualTo("no_answer");
    never.open();
  }

  @Test
  void fresh_nobodyListens_isTransient() {
    tokens.store(user, "acme", issuer.expired());
    issuer.close();

    assertThat(failure().error()).isEqualTo("not_reached");
    assertThat(failure().errorClass()).isEqualTo(ErrorClass.TRANSIENT);
  }

  @Test
  void fresh_failureWhileTheOldTokenStillHolds_givesTheOldOne(SettableClock clock) {
    TokenSet granted = issuer.expired().expiresIn(Duration.ofSeconds(100));
    tokens.store(user, "acme", granted);
    clock.advance(Duration.ofSeconds(80));
    issuer.nextAnswer(503, "");

    assertThat(tokens.fresh(user, "acme").orElseThrow().accessToken().value())
        .isEqualTo(granted.accessToken());
    clock.advance(Duration.ofSeconds(40));
    assertThat(tokens.fresh(user, "acme").orElseThrow().accessToken().value())
        .isNotEqualTo(granted.accessToken());
  }

  @Test
  void fresh_errorThatRepeatsTheToken_isNotRepeatedByUs() {
    tokens.store(user, "acme", issuer.expired());
    issuer.nextAnswer(400, "{\"error\":\"" + HostileIssuer.MARK + "\"}");

    assertThatThrownBy(() -> tokens.fresh(user, "acme"))
        .hasMessageContaining("unregistered_error")
        .hasMessageNotContaining(HostileIssuer.MARK);
  }

  private TokenRefreshException failure() {
    return catchThrowableOfType(TokenRefreshException.class, () -> tokens.fresh(user, "acme"));
  }

  private List<TokenRefresh.Outcome> outcomes() {
    return tokens.refreshes(user, "acme").stream().map(TokenRefresh::outcome).toList();
  }
}
