package dev.plinth.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.OutcomeUnknownException;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A node that lives on while what it wanted to write fails. */
@PlinthTest
class LostOutcomeTest {
  private static final String TAKE = "lease_fence = lease_fence + 1,\n    refresh_id = ?";
  private static final String FINISH = "SET outcome = ?";

  private final HostileIssuer issuer = new HostileIssuer();
  private final AtomicBoolean busy = new AtomicBoolean();
  private final Executor threads = Executors.newCachedThreadPool();
  private Sabotage sabotage;
  private Plinth plinth;
  private Tokens tokens;
  private UUID user;

  @BeforeEach
  void open(TestDatabase database) {
    sabotage = new Sabotage(database.pool(5));
    plinth =
        database
            .plinth(sabotage.dataSource())
            .withoutNotifications()
            .executor(
                task -> {
                  if (busy.get()) {
                    throw new RejectedExecutionException("busy");
                  }
                  threads.execute(task);
                })
            .build();
    plinth.migrations().migrate();
    plinth.start();
    tokens =
        Tokens.builder(plinth)
            .provider(issuer.provider().revocationEndpoint(issuer.revocationEndpoint()).build())
            .build();
    user = plinth.users().create(NewUser.withExternalId("ada")).id();
    tokens.store(user, "acme", issuer.expired());
  }

  @AfterEach
  void close() {
    tokens.close();
    plinth.close();
    issuer.close();
  }

  @Test
  void fresh_answerToTheClaimsCommitIsLost_releasesTheLease() {
    sabotage.fail(TAKE, Sabotage.At.COMMITTED, Sabotage.connectionLost(), 1);

    assertThatThrownBy(() -> tokens.fresh(user, "acme"))
        .isInstanceOf(OutcomeUnknownException.class);

    assertThat(tokens.fresh(user, "acme")).isInstanceOf(Fresh.class);
    assertThat(issuer.posts()).isOne();
    assertThat(outcomes())
        .containsExactly(TokenRefresh.Outcome.SUCCEEDED, TokenRefresh.Outcome.NOT_SENT);
  }

  @Test
  void fresh_leaseOfThisNodeThatNobodyWorksOn_isTakenOverOnceExpired(SettableClock clock) {
    sql(
        """
        UPDATE {schema}.oauth2_tokens
        SET lease_owner = '%s', lease_until = {now}, refresh_id = gen_random_uuid()
        """
            .formatted(plinth.instances().id()));
    clock.advance(Duration.ofMillis(1));

    assertThat(tokens.fresh(user, "acme")).isInstanceOf(Fresh.class);
  }

  @Test
  void fresh_hostThrowsWhileTheAnswerIsWritten_keepsTrying() {
    sabotage.fail(FINISH, Sabotage.At.STATEMENT, new IllegalStateException("no key service"), 3);

    assertThat(tokens.fresh(user, "acme")).isInstanceOf(Fresh.class);
    assertThat(outcomes()).containsExactly(TokenRefresh.Outcome.SUCCEEDED);
  }

  @Test
  void fresh_executorIsBusyAndTheDatabaseAway_keepsTryingOnItsOwnThread() {
    busy.set(true);
    sabotage.fail(FINISH, Sabotage.At.STATEMENT, Sabotage.connectionLost(), 6);

    assertThat(tokens.fresh(user, "acme")).isInstanceOf(Fresh.class);
    assertThat(outcomes()).containsExactly(TokenRefresh.Outcome.SUCCEEDED);
    busy.set(false);
  }

  @Test
  void fresh_databaseAwayForLonger_isWrittenInTheBackground() {
    sabotage.fail(FINISH, Sabotage.At.STATEMENT, Sabotage.connectionLost(), 5);

    assertThatThrownBy(() -> tokens.fresh(user, "acme")).hasMessageContaining("sabotaged");

    Awaitility.await()
        .untilAsserted(
            () -> assertThat(outcomes()).containsExactly(TokenRefresh.Outcome.SUCCEEDED));
    assertThat(tokens.fresh(user, "acme")).isInstanceOf(Fresh.class);
    assertThat(issuer.posts()).isOne();
  }

  @Test
  void fresh_revokedDuringTheCallAndConnectionLost_revokesWhatTheRefreshBrought() throws Exception {
    HostileIssuer.Gate gate = new HostileIssuer.Gate();
    issuer.holdNextAnswer(gate);
    var refreshing = Background.run(() -> tokens.fresh(user, "acme"));
    gate.awaitArrival();
    tokens.revoke(user, "acme");
    sabotage.fail("FOR NO KEY UPDATE", Sabotage.At.STATEMENT, Sabotage.connectionLost(), 1);
    gate.open();

    assertThat(refreshing.get()).isInstanceOf(NeedsConsent.class);
    Awaitility.await().untilAsserted(() -> assertThat(issuer.revoked()).hasSize(2));
  }

  @Test
  void fresh_unreadableAnswerAndConnectionLost_staysUnknownAndIsSentOnceMore() {
    issuer.nextAnswer(200, "not json");
    sabotage.fail(FINISH, Sabotage.At.STATEMENT, Sabotage.connectionLost(), 1);

    assertThat(tokens.fresh(user, "acme")).isInstanceOf(Fresh.class);
    assertThat(outcomes())
        .containsExactly(TokenRefresh.Outcome.SUCCEEDED, TokenRefresh.Outcome.UNKNOWN);
  }

  @Test
  void fresh_subscriberFailsToTakeTheRefusal_pausesTheGrant() {
    issuer.nextAnswer(400, "{\"error\":\"invalid_grant\"}");
    plinth
        .events()
        .inTransaction(
            ConsentNeeded.class,
            (tx, event) -> {
              throw new IllegalStateException("the audit is full");
            });

    assertThatThrownBy(() -> tokens.fresh(user, "acme")).hasMessage("the audit is full");

    assertThatThrownBy(() -> tokens.fresh(user, "acme")).isInstanceOf(TokenRefreshException.class);
    assertThat(issuer.posts()).isOne();
  }

  private List<TokenRefresh.Outcome> outcomes() {
    return tokens.refreshes(user, "acme").stream()
        .map(TokenRefresh::outcome)
        .filter(outcome -> outcome != null)
        .toList();
  }

  private void sql(String statement) {
    plinth.transact(tx -> Sql.update(tx.connection(), plinth.schema().render(statement)));
  }
}
