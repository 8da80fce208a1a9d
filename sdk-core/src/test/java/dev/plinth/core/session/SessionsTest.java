package dev.plinth.core.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.identity.InactiveUserException;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.json.Json;
import dev.plinth.core.session.SessionAuthentication.Active;
import dev.plinth.core.session.SessionAuthentication.Expired;
import dev.plinth.core.session.SessionAuthentication.Revoked;
import dev.plinth.core.session.SessionAuthentication.Unknown;
import dev.plinth.core.session.SessionAuthentication.UserInactive;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import java.net.InetAddress;
import java.security.MessageDigest;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class SessionsTest {
  private static final Duration IDLE = Duration.ofMinutes(30);
  private static final Duration LIFETIME = Duration.ofHours(2);

  private final Plinth plinth;
  private final Sessions sessions;
  private final SettableClock clock;
  private final DataSource pool;
  private final List<PlinthEvent> events = new ArrayList<>();
  private UUID ada = new UUID(0, 0);

  SessionsTest(Plinth plinth, SettableClock clock, DataSource pool) {
    this.plinth = plinth;
    this.sessions = plinth.sessions();
    this.clock = clock;
    this.pool = pool;
  }

  @BeforeEach
  void user() {
    ada = plinth.users().create(NewUser.withEmail("ada@example.org")).id();
    plinth.events().inTransaction(PlinthEvent.class, (tx, event) -> events.add(event));
  }

  @Test
  void start_everyField_comesBack() throws Exception {
    for (String address : List.of("192.0.2.7", "2001:db8::7")) {
      StartedSession started =
          sessions.start(
              NewSession.of(ada)
                  .withData(Json.of("{\"cart\": [1]}"))
                  .withDevice("phone", "Ada's phone")
                  .withAddress(InetAddress.getByName(address))
                  .withTimeouts(IDLE, LIFETIME));

      Session session = started.session();
      assertThat(sessions.find(session.id())).contains(session);
      assertThat(session.userId()).isEqualTo(ada);
      assertThat(session.data()).isEqualTo(Json.of("{\"cart\": [1]}"));
      assertThat(session.deviceType()).isEqualTo("phone");
      assertThat(session.deviceName()).isEqualTo("Ada's phone");
      assertThat(session.address()).isEqualTo(InetAddress.getByName(address));
      assertThat(session.idleTimeout()).isEqualTo(IDLE);
      assertThat(session.idleExpiresAt()).isEqualTo(session.createdAt().plus(IDLE));
      assertThat(session.expiresAt()).isEqualTo(session.createdAt().plus(LIFETIME));
      assertThat(session.isActive()).isTrue();
      assertThat(started.revealToken()).matches("session_[0-9A-Za-z]{36}");
      assertThat(started.toString()).doesNotContain(started.revealToken());
    }
  }

  @Test
  void start_storesTheHashAndNotTheToken() throws Exception {
    StartedSession started = sessions.start(NewSession.of(ada));

    byte[] stored =
        plinth.transactReturning(
            tx ->
                Sql.query(
                        tx.connection(),
                        "SELECT token_hash FROM plinth.sessions",
                        row -> row.getBytes(1))
                    .get(0));
    assertThat(stored)
        .isEqualTo(
            MessageDigest.getInstance("SHA-256").digest(started.revealToken().getBytes("UTF-8")));
  }

  @Test
  void authenticate_good_tellsUserAndData() {
    StartedSession started = sessions.start(NewSession.of(ada).withData(Json.of("{\"a\": 1}")));

    assertThat(sessions.authenticate(started.revealToken()))
        .isEqualTo(
            new Active(
                started.session().id(),
                null,
                ada,
                Json.of("{\"a\": 1}"),
                started.session().expiresAt(),
                1));
    assertThat(sessions.authenticate("session_" + "x".repeat(36))).isEqualTo(new Unknown());
    assertThat(sessions.authenticate("")).isEqualTo(new Unknown());
  }

  @Test
  void leftAlone_endsAfterTheIdleTimeout() {
    StartedSession started = sessions.start(NewSession.of(ada).withTimeouts(IDLE, LIFETIME));
    clock.advance(IDLE);

    assertThat(sessions.authenticate(started.revealToken()))
        .isEqualTo(new Expired(started.session().id()));
    assertThat(sessions.page(ada, null, 10)).isEmpty();
  }

  @Test
  void used_slidesUntilTheLifetimeIsOver() {
    StartedSession started = sessions.start(NewSession.of(ada).withTimeouts(IDLE, LIFETIME));
    for (int minute = 20; minute < 120; minute += 20) {
      clock.advance(Duration.ofMinutes(20));
      assertThat(sessions.authenticate(started.revealToken())).isInstanceOf(Active.class);
    }
    clock.advance(Duration.ofMinutes(20));

    assertThat(sessions.authenticate(started.revealToken())).isInstanceOf(Expired.class);
  }

  @Test
  void activity_isWrittenWhenATenthOfTheIdleTimeHasPassed() {
    StartedSession started = sessions.start(NewSession.of(ada).withTimeouts(IDLE, LIFETIME));
    UUID id = started.session().id();
    clock.advance(Duration.ofMinutes(2));
    sessions.authenticate(started.revealToken());
    assertThat(sessions.find(id)).contains(started.session());

    clock.advance(Duration.ofMinutes(2));
    sessions.authenticate(started.revealToken());

    Session used = sessions.find(id).orElseThrow();
    assertThat(used.lastActivityAt()).isAfter(started.session().lastActivityAt());
    assertThat(used.idleExpiresAt()).isEqualTo(used.lastActivityAt().plus(IDLE));
    assertThat(used.expiresAt()).isEqualTo(started.session().expiresAt());
  }

  @Test
  void revoke_twice_changesItOnce() {
    StartedSession started = sessions.start(NewSession.of(ada));
    UUID id = started.session().id();

    assertThat(sessions.revoke(id)).isTrue();
    assertThat(sessions.revoke(id)).isFalse();

    assertThat(sessions.authenticate(started.revealToken())).isEqualTo(new Revoked(id));
    assertThat(sessions.find(id).orElseThrow().endedAt()).isNotNull();
    assertThat(events).containsExactly(new SessionsRevoked(ada, List.of(id)));
  }

  @Test
  void revokeOthers_keepsOneAndLeavesOtherUsersAlone() {
    UUID bob = plinth.users().create(NewUser.withEmail("bob@example.org")).id();
    StartedSession here = sessions.start(NewSession.of(ada));
    StartedSession phone = sessions.start(NewSession.of(ada));
    StartedSession tablet = sessions.start(NewSession.of(ada));
    StartedSession bobs = sessions.start(NewSession.of(bob));

    assertThat(sessions.revokeOthers(ada, here.session().id())).isEqualTo(2);

    assertThat(sessions.authenticate(here.revealToken())).isInstanceOf(Active.class);
    assertThat(sessions.authenticate(phone.revealToken())).isInstanceOf(Revoked.class);
    assertThat(sessions.authenticate(tablet.revealToken())).isInstanceOf(Revoked.class);
    assertThat(sessions.authenticate(bobs.revealToken())).isInstanceOf(Active.class);
    assertThat(sessions.page(ada, null, 10)).containsExactly(here.session());
    assertThat(sessions.revokeAll(ada)).isEqualTo(1);
    assertThat(sessions.revokeAll(ada)).isZero();
  }

  @Test
  void deactivatedUser_sessionsEndInTheSameTransaction() {
    StartedSession started = sessions.start(NewSession.of(ada));

    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      plinth.users().in(tx).deactivate(ada);
                      assertThat(sessions.in(tx).authenticate(started.revealToken()))
                          .isInstanceOf(Revoked.class);
                      throw new IllegalStateException("rolled back");
                    }))
        .hasMessage("rolled back");
    assertThat(sessions.authenticate(started.revealToken())).isInstanceOf(Active.class);

    plinth.users().deactivate(ada);
    assertThat(sessions.authenticate(started.revealToken())).isInstanceOf(Revoked.class);
  }

  @Test
  void userDeactivatedBySqlOfTheHost_sessionIsRefused() {
    StartedSession started = sessions.start(NewSession.of(ada));
    plinth.transact(tx -> Sql.update(tx.connection(), "UPDATE plinth.users SET is_active = false"));

    assertThat(sessions.authenticate(started.revealToken()))
        .isEqualTo(new UserInactive(started.session().id(), ada));
    assertThat(sessions.regenerate(started.revealToken())).isEmpty();
  }

  @Test
  void start_unknownOrInactiveUser_isRefusedAndTheTransactionGoesOn() throws Exception {
    UUID bob = plinth.users().create(NewUser.withEmail("bob@example.org")).id();
    plinth.users().deactivate(bob);
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Sessions joined = sessions.in(plinth.join(host));
      assertThatThrownBy(() -> joined.start(NewSession.of(UUID.randomUUID())))
          .isInstanceOf(UnknownUserException.class);
      assertThatThrownBy(() -> joined.start(NewSession.of(bob)))
          .isInstanceOf(InactiveUserException.class);
      joined.start(NewSession.of(ada));
      host.commit();
    }

    assertThat(sessions.page(ada, null, 10)).hasSize(1);
  }

  @Test
  void regenerate_newTokenSameSession_oldOneIsUnknown() {
    StartedSession started = sessions.start(NewSession.of(ada));

    StartedSession fresh = sessions.regenerate(started.revealToken()).orElseThrow();

    assertThat(fresh.session()).isEqualTo(started.session());
    assertThat(sessions.authenticate(started.revealToken())).isEqualTo(new Unknown());
    assertThat(sessions.authenticate(fresh.revealToken())).isInstanceOf(Active.class);
    assertThat(sessions.regenerate(started.revealToken())).isEmpty();
    assertThat(sessions.regenerate("nothing")).isEmpty();
    sessions.revoke(fresh.session().id());
    assertThat(sessions.regenerate(fresh.revealToken())).isEmpty();
  }

  @Test
  void mergeData_setsMembersAndKeepsOthers() {
    UUID id =
        sessions
            .start(NewSession.of(ada).withData(Json.of("{\"a\": 1, \"b\": {\"x\": 1}}")))
            .session()
            .id();

    Optional<Json> merged = sessions.mergeData(id, Json.of("{\"b\": {\"y\": 2}, \"c\": 3}"));

    assertThat(merged).contains(Json.of("{\"a\": 1, \"b\": {\"y\": 2}, \"c\": 3}"));
    assertThat(sessions.find(id).orElseThrow().version()).isEqualTo(2);
    sessions.revoke(id);
    assertThat(sessions.mergeData(id, Json.of("{\"d\": 4}"))).isEmpty();
  }

  @Test
  void replaceData_staleVersion_isRefused() {
    UUID id = sessions.start(NewSession.of(ada)).session().id();

    assertThat(sessions.replaceData(id, 1, Json.of("{\"a\": 1}"))).isTrue();
    assertThat(sessions.replaceData(id, 1, Json.of("{\"a\": 2}"))).isFalse();

    assertThat(sessions.find(id).orElseThrow().data()).isEqualTo(Json.of("{\"a\": 1}"));
  }

  @Test
  void page_byKeyset_visitsEveryGoodSessionOnce() {
    List<UUID> good = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      UUID id = sessions.start(NewSession.of(ada)).session().id();
      if (i == 3) {
        sessions.revoke(id);
      } else {
        good.add(id);
      }
    }

    List<UUID> seen = new ArrayList<>();
    List<Session> page = sessions.page(ada, null, 2);
    while (!page.isEmpty()) {
      page.forEach(session -> seen.add(session.id()));
      page = sessions.page(ada, seen.get(seen.size() - 1), 2);
    }

    assertThat(seen).isEqualTo(good);
  }

  @Test
  void tenants_seeAndWriteOnlyTheirOwn_andASessionTellsItsTenant() {
    TxOptions acme = TxOptions.defaults().withTenant("acme");
    TxOptions other = TxOptions.defaults().withTenant("other");
    UUID eve =
        plinth.transactReturning(
            acme, tx -> plinth.users().in(tx).create(NewUser.withEmail("eve@example.org")).id());
    assertThatThrownBy(() -> sessions.start(NewSession.of(eve)))
        .isInstanceOf(UnknownUserException.class);
    StartedSession started =
        plinth.transactReturning(acme, tx -> sessions.in(tx).start(NewSession.of(eve)));
    UUID id = started.session().id();

    plinth.transact(
        other,
        tx -> {
          assertThat(sessions.in(tx).authenticate(started.revealToken())).isEqualTo(new Unknown());
          assertThat(sessions.authenticate(started.revealToken())).isEqualTo(new Unknown());
          assertThat(sessions.in(tx).find(id)).isEmpty();
          assertThat(sessions.in(tx).page(eve, null, 10)).isEmpty();
          assertThat(sessions.in(tx).mergeData(id, Json.emptyObject())).isEmpty();
          assertThat(sessions.in(tx).replaceData(id, 1, Json.emptyObject())).isFalse();
          assertThat(sessions.in(tx).regenerate(started.revealToken())).isEmpty();
          assertThat(sessions.in(tx).revoke(id)).isFalse();
          assertThat(sessions.in(tx).revokeAll(eve)).isZero();
          assertThat(sessions.in(tx).revokeOthers(eve, ada)).isZero();
        });
    assertThat(sessions.authenticate(started.revealToken()))
        .isInstanceOfSatisfying(
            Active.class, active -> assertThat(active.tenantId()).isEqualTo("acme"));
  }

  @Test
  void badInput_isRefusedByName() {
    NewSession session = NewSession.of(ada);
    assertThatThrownBy(() -> session.withData(Json.of("[]"))).hasMessageStartingWith("data must");
    assertThatThrownBy(() -> session.withData(Json.of("{\"a\":\"" + "x".repeat(65_536) + "\"}")))
        .hasMessageStartingWith("data must");
    assertThatThrownBy(() -> session.withTimeouts(Duration.ZERO, LIFETIME))
        .hasMessageStartingWith("idleTimeout must");
    assertThatThrownBy(() -> session.withTimeouts(IDLE, Duration.ofDays(4_000)))
        .hasMessageStartingWith("lifetime must");
    assertThatThrownBy(() -> sessions.mergeData(ada, Json.of("[1]")))
        .hasMessageStartingWith("members must");
    assertThatThrownBy(() -> sessions.replaceData(ada, 0, Json.emptyObject()))
        .hasMessageStartingWith("version must");
  }
}
