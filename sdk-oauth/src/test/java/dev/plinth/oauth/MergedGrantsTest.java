package dev.plinth.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which of two grants of one provider is left when their users are merged. */
@PlinthTest(start = true)
class MergedGrantsTest extends OAuthTestCase {
  private UUID taker = new UUID(0, 0);

  @BeforeEach
  void another() {
    tokens
        .providers()
        .save(issuer.provider().revocationEndpoint(issuer.revocationEndpoint()).build());
    taker = plinth.users().create(NewUser.withExternalId("bob")).id();
  }

  @ParameterizedTest
  @ValueSource(strings = {"revoked", "needs_consent"})
  void merge_takersGrantIsDead_theOthersTakesItsPlace(String status) {
    store(user, "given");
    store(taker, "dead");
    UUID alive = row(user).id();
    UUID dead = row(taker).id();
    end(taker, status);

    plinth.users().merge(user, taker);

    assertThat(tokens.fresh(taker, "acme"))
        .isInstanceOfSatisfying(
            Fresh.class,
            fresh -> assertThat(fresh.accessToken().asBearer()).isEqualTo("Bearer given"));
    assertThat(row(taker).id()).isEqualTo(alive);
    assertThat(row(user).id()).isEqualTo(dead);
    assertThat(row(user).provider()).isEqualTo("acme");
    assertThat(row(user).status()).isEqualTo(StoredToken.Status.REVOKED);
    assertThat(secretsOf(user)).isZero();
    plinth.migrations().verify();
  }

  @ParameterizedTest
  @ValueSource(strings = {"revoked", "needs_consent", "active"})
  void merge_takersGrantIsActive_staysWhateverTheOtherHas(String status) {
    store(user, "given");
    store(taker, "own");
    UUID own = row(taker).id();
    end(user, status);

    plinth.users().merge(user, taker);

    assertThat(tokens.fresh(taker, "acme"))
        .isInstanceOfSatisfying(
            Fresh.class,
            fresh -> assertThat(fresh.accessToken().asBearer()).isEqualTo("Bearer own"));
    assertThat(row(taker).id()).isEqualTo(own);
    assertThat(row(user).status()).isEqualTo(StoredToken.Status.REVOKED);
    assertThat(secretsOf(user)).isZero();
  }

  @ParameterizedTest
  @CsvSource({"revoked, needs_consent", "needs_consent, revoked"})
  void merge_bothGrantsAreDead_theTakersStays(String given, String own) {
    store(user, "given");
    store(taker, "own");
    StoredToken before = row(taker);
    end(user, given);
    end(taker, own);

    plinth.users().merge(user, taker);

    assertThat(row(taker).id()).isEqualTo(before.id());
    assertThat(row(taker).status().name()).isEqualToIgnoringCase(own);
  }

  @Test
  void merge_takersRevocationHasNotBeenTold_isToldAllTheSame(SettableClock clock) {
    TokenSet ended = issuer.expired();
    tokens.store(taker, "acme", ended);
    store(user, "given");
    issuer.nextRevocationAnswer(503, "");
    tokens.revoke(taker, "acme");
    Awaitility.await().until(() -> issuer.revocationAnswersLeft() == 0);
    assertThat(issuer.revoked()).isEmpty();

    plinth.users().merge(user, taker);

    assertThat(tokens.refreshes(taker, "acme")).isEmpty();
    Awaitility.await()
        .until(
            () -> {
              clock.advance(Duration.ofHours(4));
              plinth.maintenance().runNow("oauth.revocations");
              return tokens.refreshes(user, "acme").get(0).outcome()
                  == TokenRefresh.Outcome.SUCCEEDED;
            });
    assertThat(issuer.revoked()).containsExactly(ended.refreshToken());
    assertThat(row(taker).status()).isEqualTo(StoredToken.Status.ACTIVE);
  }

  private void store(UUID of, String accessToken) {
    tokens.store(of, "acme", TokenSet.of(accessToken).expiresIn(Duration.ofHours(1)));
  }

  private void end(UUID of, String status) {
    if (status.equals("revoked")) {
      tokens.revoke(of, "acme");
    } else if (status.equals("needs_consent")) {
      plinth.transact(
          tx ->
              Sql.update(
                  tx.connection(),
                  "UPDATE plinth.oauth2_tokens SET status = 'needs_consent', status_reason ="
                      + " 'rejected' WHERE user_id = ?",
                  of));
    }
  }

  private StoredToken row(UUID of) {
    return tokens.find(of, "acme").orElseThrow();
  }

  private int secretsOf(UUID of) {
    return plinth
        .<List<Integer>, RuntimeException>transactReturning(
            tx ->
                Sql.query(
                    tx.connection(),
                    "SELECT count(access_token) + count(refresh_token) + count(id_token) FROM"
                        + " plinth.oauth2_tokens WHERE user_id = ?",
                    row -> row.getInt(1),
                    of))
        .get(0);
  }
}
