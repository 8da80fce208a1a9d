package dev.plinth.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

@PlinthTest(start = true)
class FreshTest extends OAuthTestCase {
  @Test
  void fresh_validToken_isReturnedWithoutAskingTheProvider() {
    tokens.store(
        user, "acme", TokenSet.of("a").expiresIn(Duration.ofHours(1)).scopes("mail", "files"));

    Fresh fresh = tokens.fresh(user, "acme").orElseThrow();

    assertThat(fresh.accessToken().value()).isEqualTo("a");
    assertThat(fresh.scopes()).isEqualTo(Set.of("mail", "files"));
    assertThat(issuer.posts()).isZero();
  }

  @Test
  void fresh_expiredToken_isRefreshedOnceAndRemembered() {
    tokens.store(user, "acme", issuer.expired().scopes("mail"));

    Fresh first = tokens.fresh(user, "acme").orElseThrow();
    Fresh second = tokens.fresh(user, "acme").orElseThrow();

    assertThat(first).isEqualTo(second);
    assertThat(issuer.posts()).isOne();
    assertThat(first.scopes()).as("an absent scope means as before").containsExactly("mail");
    assertThat(tokens.find(user, "acme"))
        .hasValueSatisfying(token -> assertThat(token.version()).isEqualTo(2));
  }

  @Test
  void fresh_everyExpiry_rotatesWithoutLosingTheFamily(SettableClock clock) {
    tokens.store(user, "acme", issuer.expired());

    for (int i = 1; i <= 5; i++) {
      tokens.fresh(user, "acme").orElseThrow();
      assertThat(issuer.posts()).isEqualTo(i);
      clock.advance(Duration.ofHours(2));
    }

    assertThat(issuer.familiesKilled()).isZero();
  }

  @Test
  void fresh_absentRefreshTokenAndLifetime_keepsTheOldAndTakesTheDefault(SettableClock clock) {
    tokens.providers().save(issuer.provider().defaultExpiry(Duration.ofMinutes(10)).build());
    issuer.shape("{\"access_token\":\"%s\",\"token_type\":\"bearer\",\"scope\":\"a b\"}");
    tokens.store(user, "acme", issuer.expired());

    Fresh first = tokens.fresh(user, "acme").orElseThrow();
    clock.advance(Duration.ofMinutes(11));
    Fresh second = tokens.fresh(user, "acme").orElseThrow();

    assertThat(first.scopes()).containsExactlyInAnyOrder("a", "b");
    assertThat(second.accessToken()).isNotEqualTo(first.accessToken());
    assertThat(Duration.between(clock.instant(), second.expiresAt()))
        .isBetween(Duration.ofMinutes(9), Duration.ofMinutes(10));
    assertThat(issuer.posts()).isEqualTo(2);
  }

  @Test
  void fresh_lifetimeAsText_isUnderstood(SettableClock clock) {
    issuer.shape("{\"access_token\":\"%s\",\"refresh_token\":\"%s\",\"expires_in\":\"120\"}");
    tokens.store(user, "acme", issuer.expired());

    Fresh fresh = tokens.fresh(user, "acme").orElseThrow();

    assertThat(Duration.between(clock.instant(), fresh.expiresAt()))
        .isLessThanOrEqualTo(Duration.ofSeconds(120));
  }

  @Test
  void fresh_nothingStored_needsConsent() {
    assertThat(tokens.fresh(user, "acme"))
        .isEqualTo(new NeedsConsent(user, "acme", NeedsConsent.Reason.NEVER_GRANTED));
    assertThatThrownBy(() -> tokens.fresh(user, "acme").orElseThrow())
        .isInstanceOf(ConsentNeededException.class)
        .hasMessageContaining("consent page");
  }

  @Test
  void fresh_expiredWithoutRefreshToken_needsConsent() {
    tokens.store(user, "acme", TokenSet.of("a").expiresIn(Duration.ZERO));

    assertThat(tokens.fresh(user, "acme"))
        .isEqualTo(new NeedsConsent(user, "acme", NeedsConsent.Reason.NO_REFRESH_TOKEN));
    assertThat(tokens.fresh(user, "acme"))
        .isEqualTo(new NeedsConsent(user, "acme", NeedsConsent.Reason.NO_REFRESH_TOKEN));
    assertThat(tokens.find(user, "acme"))
        .hasValueSatisfying(
            token -> assertThat(token.status()).isEqualTo(StoredToken.Status.NEEDS_CONSENT));
    assertThat(issuer.posts()).isZero();
  }

  @Test
  void fresh_invalidGrant_needsConsentAndKeepsTheRow() {
    tokens.store(user, "acme", issuer.expired());
    issuer.nextAnswer(400, "{\"error\":\"invalid_grant\",\"error_description\":\"s3cr3t\"}");
    List<ConsentNeeded> events = new ArrayList<>();
    plinth.events().inTransaction(ConsentNeeded.class, (tx, event) -> events.add(event));

    NeedsConsent needed = new NeedsConsent(user, "acme", NeedsConsent.Reason.REJECTED);
    assertThat(tokens.fresh(user, "acme")).isEqualTo(needed);
    assertThat(tokens.fresh(user, "acme")).isEqualTo(needed);

    assertThat(issuer.posts()).isOne();
    assertThat(events).hasSize(1);
    assertThat(tokens.find(user, "acme")).isPresent();
    assertThat(tokens.refreshes(user, "acme"))
        .singleElement()
        .satisfies(
            refresh -> {
              assertThat(refresh.outcome()).isEqualTo(TokenRefresh.Outcome.NEEDS_CONSENT);
              assertThat(refresh.errorClass()).isEqualTo(ErrorClass.TERMINAL);
              assertThat(refresh.error()).isEqualTo("invalid_grant");
              assertThat(refresh.httpStatus()).isEqualTo(400);
              assertThat(refresh.duration()).isPresent();
            });
  }

  @Test
  void store_afterConsentWasNeeded_makesItUsableAgain() {
    tokens.store(user, "acme", issuer.expired());
    issuer.nextAnswer(400, "{\"error\":\"invalid_grant\"}");
    tokens.fresh(user, "acme");

    tokens.store(user, "acme", TokenSet.of("again").expiresIn(Duration.ofHours(1)));

    assertThat(tokens.fresh(user, "acme").orElseThrow().accessToken().value()).isEqualTo("again");
  }

  @Test
  void fresh_newGrantStoredDuringTheCall_losesNeitherAndReturnsTheNewGrant() throws Exception {
    tokens.store(user, "acme", issuer.expired());
    HostileIssuer.Gate gate = new HostileIssuer.Gate();
    issuer.holdNextAnswer(gate);
    var refreshing = Background.run(() -> tokens.fresh(user, "acme").orElseThrow());
    gate.awaitArrival();
    tokens.store(user, "acme", TokenSet.of("new grant").expiresIn(Duration.ofHours(1)));
    gate.open();

    assertThat(refreshing.get().accessToken().value()).isEqualTo("new grant");
    assertThat(tokens.refreshes(user, "acme"))
        .singleElement()
        .satisfies(r -> assertThat(r.outcome()).isEqualTo(TokenRefresh.Outcome.SUPERSEDED));
  }

  @Test
  void fresh_subscriberThrows_keepsTheAnswerForTheNextCaller() {
    tokens.store(user, "acme", issuer.expired());
    var subscription =
        plinth
            .events()
            .inTransaction(
                TokenRefreshed.class,
                (tx, event) -> {
                  throw new IllegalStateException("the audit is full");
                });
    assertThatThrownBy(() -> tokens.fresh(user, "acme")).hasMessage("the audit is full");

    subscription.close();
    tokens.fresh(user, "acme").orElseThrow();

    assertThat(issuer.posts()).isOne();
    assertThat(tokens.refreshes(user, "acme"))
        .singleElement()
        .satisfies(r -> assertThat(r.outcome()).isEqualTo(TokenRefresh.Outcome.ADOPTED));
  }

  @Test
  void fresh_insideAnOpenTransaction_usesItsOwn() {
    tokens.store(user, "acme", issuer.expired());

    plinth.transact(tx -> tokens.fresh(user, "acme").orElseThrow());

    assertThat(issuer.posts()).isOne();
  }

  @Test
  void fresh_poolOfOne_doesNotWaitForItself(TestDatabase database) {
    tokens.store(user, "acme", issuer.expired());
    try (Plinth small = database.plinth(database.pool(1)).withoutNotifications().build();
        Tokens lone = Tokens.create(small)) {
      small.start();
      assertThat(lone.fresh(user, "acme").orElseThrow()).isNotNull();
    }
    assertThat(issuer.posts()).isOne();
  }

  @Test
  void fresh_interruptedDuringTheCall_storesTheAnswerAndKeepsTheInterrupt() throws Exception {
    tokens.store(user, "acme", issuer.expired());
    HostileIssuer.Gate gate = new HostileIssuer.Gate();
    issuer.holdNextAnswer(gate);
    var refreshing =
        Background.run(
            () -> {
              Thread current = Thread.currentThread();
              Background.run(
                  () -> {
                    gate.awaitArrival();
                    current.interrupt();
                    gate.open();
                    return true;
                  });
              try {
                tokens.fresh(user, "acme");
              } catch (RuntimeException e) {
                assertThat(e).hasMessageContaining("connection");
              }
              return Thread.interrupted();
            });

    assertThat(refreshing.get()).isTrue();
    assertThat(tokens.find(user, "acme"))
        .hasValueSatisfying(token -> assertThat(token.version()).isEqualTo(2));
    assertThat(issuer.posts()).isOne();
  }

  @Test
  void fresh_beforeStart_refusesToRefreshAndSaysWhy(TestDatabase database) {
    tokens.store(user, "acme", issuer.expired());
    try (Plinth idle = database.plinth(database.pool(2)).build();
        Tokens early = Tokens.create(idle)) {
      assertThatThrownBy(() -> early.fresh(user, "acme"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("plinth.start()");
    }
    assertThat(issuer.posts()).isZero();
  }

  @Test
  void fresh_anotherTenant_seesNothing() {
    tokens.store(user, "acme", TokenSet.of("a").expiresIn(Duration.ofHours(1)));

    assertThat(tokens.forTenant("t1").fresh(user, "acme")).isInstanceOf(NeedsConsent.class);
  }
}
