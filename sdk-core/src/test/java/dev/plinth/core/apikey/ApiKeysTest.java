package dev.plinth.core.apikey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.apikey.KeyAuthentication.Expired;
import dev.plinth.core.apikey.KeyAuthentication.OwnerInactive;
import dev.plinth.core.apikey.KeyAuthentication.Revoked;
import dev.plinth.core.apikey.KeyAuthentication.Unknown;
import dev.plinth.core.apikey.KeyAuthentication.Valid;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.identity.InactiveUserException;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import java.security.MessageDigest;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class ApiKeysTest {
  private static final Duration HOUR = Duration.ofHours(1);

  private final Plinth plinth;
  private final ApiKeys keys;
  private final SettableClock clock;
  private final DataSource pool;
  private final List<PlinthEvent> events = new ArrayList<>();
  private UUID ada = new UUID(0, 0);

  ApiKeysTest(Plinth plinth, SettableClock clock, DataSource pool) {
    this.plinth = plinth;
    this.keys = plinth.apiKeys();
    this.clock = clock;
    this.pool = pool;
  }

  @BeforeEach
  void user() {
    ada = plinth.users().create(NewUser.withEmail("ada@example.org")).id();
    plinth.events().inTransaction(PlinthEvent.class, (tx, event) -> events.add(event));
  }

  @Test
  void issue_everyField_comesBackFromFindAndPage() {
    IssuedKey issued =
        keys.issue(
            NewApiKey.of(KeyOwner.user(ada), "build server")
                .withPrefix("acme_live")
                .withScopes("read", "write", "read", "odd,{\"scope\"}")
                .withMetadata(Json.of("{\"team\": 7}"))
                .withLifetime(HOUR));

    ApiKey key = issued.key();
    assertThat(issued.reveal()).matches("acme_live_[0-9A-Za-z]{36}").startsWith(key.prefix());
    assertThat(key.prefix()).matches("acme_live_[0-9A-Za-z]{4}");
    assertThat(key.scopes()).containsExactly("read", "write", "odd,{\"scope\"}");
    assertThat(key.expiresAt()).isEqualTo(key.createdAt().plus(HOUR));
    assertThat(key.isActive()).isTrue();
    assertThat(key.lastUsedAt()).isNull();
    assertThat(keys.find(key.id())).contains(key);
    assertThat(keys.page(KeyOwner.user(ada), null, 10)).containsExactly(key);
    assertThat(events).containsExactly(new ApiKeyIssued(key.id(), KeyOwner.user(ada), null));
  }

  @Test
  void issue_storesTheHashAndNotTheKey() throws Exception {
    IssuedKey issued = keys.issue(NewApiKey.of(KeyOwner.node("n1"), "agent"));

    byte[] stored =
        plinth.transactReturning(
            tx ->
                Sql.query(
                        tx.connection(),
                        "SELECT key_hash FROM plinth.api_keys",
                        row -> row.getBytes(1))
                    .get(0));
    assertThat(stored)
        .isEqualTo(MessageDigest.getInstance("SHA-256").digest(issued.reveal().getBytes("UTF-8")));
    assertThat(issued.toString()).doesNotContain(issued.reveal());
  }

  @Test
  void authenticate_goodKeys_tellOwnerAndScopes() {
    for (KeyOwner owner :
        List.of(KeyOwner.user(ada), KeyOwner.node("n1"), KeyOwner.service("billing"))) {
      IssuedKey issued = keys.issue(NewApiKey.of(owner, "k").withScopes("read"));

      assertThat(keys.authenticate(issued.reveal()))
          .isInstanceOfSatisfying(
              Valid.class,
              valid -> {
                assertThat(valid.keyId()).isEqualTo(issued.key().id());
                assertThat(valid.owner()).isEqualTo(owner);
                assertThat(valid.userId()).isEqualTo(owner.userId());
                assertThat(valid.hasScope("read")).isTrue();
                assertThat(valid.hasScope("write")).isFalse();
              });
    }
  }

  @Test
  void authenticate_everyCharacterChanged_isUnknown() {
    String key = keys.issue(NewApiKey.of(KeyOwner.node("n1"), "k")).reveal();

    for (int i = 0; i < key.length(); i++) {
      char other = key.charAt(i) == 'x' ? 'y' : 'x';
      assertThat(keys.authenticate(key.substring(0, i) + other + key.substring(i + 1)))
          .isEqualTo(new Unknown());
    }
    assertThat(keys.authenticate(key)).isInstanceOf(Valid.class);
  }

  @Test
  void authenticate_pastItsEnd_isExpiredByTheDatabasesClock() {
    IssuedKey issued = keys.issue(NewApiKey.of(KeyOwner.user(ada), "k").withLifetime(HOUR));
    clock.advance(HOUR.minusMinutes(1));
    assertThat(keys.authenticate(issued.reveal())).isInstanceOf(Valid.class);

    clock.advance(Duration.ofMinutes(1));

    assertThat(keys.authenticate(issued.reveal())).isEqualTo(new Expired(issued.key().id()));
  }

  @Test
  void revoke_twice_changesItOnce() {
    IssuedKey issued = keys.issue(NewApiKey.of(KeyOwner.user(ada), "k"));
    events.clear();

    assertThat(keys.revoke(issued.key().id())).isTrue();
    assertThat(keys.revoke(issued.key().id())).isFalse();
    assertThat(keys.revoke(UUID.randomUUID())).isFalse();

    assertThat(keys.authenticate(issued.reveal())).isEqualTo(new Revoked(issued.key().id()));
    assertThat(keys.find(issued.key().id()).orElseThrow().revokedAt()).isNotNull();
    assertThat(events)
        .containsExactly(new ApiKeysRevoked(KeyOwner.user(ada), List.of(issued.key().id())));
  }

  @Test
  void revokeAll_ofAnOwner_leavesOthersAlone() {
    IssuedKey one = keys.issue(NewApiKey.of(KeyOwner.node("n1"), "1"));
    IssuedKey two = keys.issue(NewApiKey.of(KeyOwner.node("n1"), "2"));
    IssuedKey service = keys.issue(NewApiKey.of(KeyOwner.service("n1"), "3"));
    keys.revoke(one.key().id());

    assertThat(keys.revokeAll(KeyOwner.node("n1"))).isEqualTo(1);
    assertThat(keys.revokeAll(KeyOwner.node("n1"))).isZero();

    assertThat(keys.authenticate(two.reveal())).isInstanceOf(Revoked.class);
    assertThat(keys.authenticate(service.reveal())).isInstanceOf(Valid.class);
  }

  @Test
  void deactivatedUser_keysAreRefusedFromTheSameTransactionOn_untilReactivated() {
    IssuedKey issued = keys.issue(NewApiKey.of(KeyOwner.user(ada), "k"));

    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      plinth.users().in(tx).deactivate(ada);
                      assertThat(keys.in(tx).authenticate(issued.reveal()))
                          .isEqualTo(new OwnerInactive(issued.key().id(), ada));
                      throw new IllegalStateException("rolled back");
                    }))
        .hasMessage("rolled back");
    assertThat(keys.authenticate(issued.reveal())).isInstanceOf(Valid.class);

    plinth.users().deactivate(ada);
    assertThat(keys.authenticate(issued.reveal()))
        .isEqualTo(new OwnerInactive(issued.key().id(), ada));
    plinth.users().reactivate(ada);
    assertThat(keys.authenticate(issued.reveal())).isInstanceOf(Valid.class);
  }

  @Test
  void userDeactivatedBySqlOfTheHost_keyIsRefused() {
    IssuedKey issued = keys.issue(NewApiKey.of(KeyOwner.user(ada), "k"));
    plinth.transact(tx -> Sql.update(tx.connection(), "UPDATE plinth.users SET is_active = false"));

    assertThat(keys.authenticate(issued.reveal()))
        .isEqualTo(new OwnerInactive(issued.key().id(), ada));
  }

  @Test
  void issue_unknownOrInactiveUser_isRefusedAndTheTransactionGoesOn() throws Exception {
    plinth.users().deactivate(ada);
    UUID nobody = UUID.randomUUID();
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      ApiKeys joined = keys.in(plinth.join(host));
      assertThatThrownBy(() -> joined.issue(NewApiKey.of(KeyOwner.user(nobody), "k")))
          .isInstanceOf(UnknownUserException.class);
      assertThatThrownBy(() -> joined.issue(NewApiKey.of(KeyOwner.user(ada), "k")))
          .isInstanceOf(InactiveUserException.class);
      joined.issue(NewApiKey.of(KeyOwner.node("n1"), "k"));
      host.commit();
    }
    assertThat(keys.page(KeyOwner.node("n1"), null, 10)).hasSize(1);
  }

  @Test
  void issue_hostRollsBack_leavesNothing() throws Exception {
    String secret;
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      secret = keys.in(plinth.join(host)).issue(NewApiKey.of(KeyOwner.node("n1"), "k")).reveal();
      host.rollback();
    }

    assertThat(keys.authenticate(secret)).isEqualTo(new Unknown());
  }

  @Test
  void rotate_overlap_bothAreGoodThenOnlyTheSuccessor() {
    IssuedKey old =
        keys.issue(
            NewApiKey.of(KeyOwner.user(ada), "k")
                .withPrefix("acme")
                .withScopes("read")
                .withMetadata(Json.of("{\"a\": 1}"))
                .withLifetime(HOUR));
    clock.advance(Duration.ofMinutes(30));

    IssuedKey fresh = rotated(keys.rotate(old.key().id(), Duration.ofMinutes(10)));

    assertThat(fresh.key().replaces()).isEqualTo(old.key().id());
    assertThat(fresh.key().name()).isEqualTo("k");
    assertThat(fresh.key().scopes()).containsExactly("read");
    assertThat(fresh.key().metadata()).isEqualTo(Json.of("{\"a\": 1}"));
    assertThat(fresh.reveal()).startsWith("acme_");
    assertThat(fresh.key().expiresAt()).isEqualTo(fresh.key().createdAt().plus(HOUR));
    assertThat(keys.authenticate(old.reveal())).isInstanceOf(Valid.class);
    assertThat(keys.authenticate(fresh.reveal())).isInstanceOf(Valid.class);
    clock.advance(Duration.ofMinutes(10));
    assertThat(keys.authenticate(old.reveal())).isEqualTo(new Expired(old.key().id()));
    assertThat(keys.authenticate(fresh.reveal())).isInstanceOf(Valid.class);
  }

  @Test
  void rotate_overlapBeyondTheOldEnd_doesNotLengthenIt() {
    IssuedKey old = keys.issue(NewApiKey.of(KeyOwner.user(ada), "k").withLifetime(HOUR));

    rotated(keys.rotate(old.key().id(), Duration.ofDays(7)));

    assertThat(keys.find(old.key().id()).orElseThrow().expiresAt())
        .isEqualTo(old.key().expiresAt());
  }

  @Test
  void rotate_withoutOverlap_endsTheOldAtOnce() {
    IssuedKey old = keys.issue(NewApiKey.of(KeyOwner.user(ada), "k"));

    IssuedKey fresh = rotated(keys.rotate(old.key().id(), Duration.ZERO));

    assertThat(keys.authenticate(old.reveal())).isInstanceOf(Expired.class);
    assertThat(fresh.key().expiresAt()).isNull();
  }

  @Test
  void rotate_twice_namesTheSuccessorWhichIsRotatedNext() {
    IssuedKey first = keys.issue(NewApiKey.of(KeyOwner.user(ada), "k"));
    IssuedKey second = rotated(keys.rotate(first.key().id(), HOUR));

    assertThat(keys.rotate(first.key().id(), HOUR))
        .isEqualTo(new Rotation.AlreadyRotated(second.key().id()));
    IssuedKey third = rotated(keys.rotate(second.key().id(), HOUR));

    assertThat(keys.page(KeyOwner.user(ada), null, 10))
        .extracting(ApiKey::replaces)
        .containsExactly(null, first.key().id(), second.key().id());
    assertThat(keys.authenticate(third.reveal())).isInstanceOf(Valid.class);
  }

  @Test
  void rotate_revokedExpiredOrUnknown_isNotUsable() {
    IssuedKey revoked = keys.issue(NewApiKey.of(KeyOwner.user(ada), "k"));
    keys.revoke(revoked.key().id());
    IssuedKey expired = keys.issue(NewApiKey.of(KeyOwner.user(ada), "k").withLifetime(HOUR));
    clock.advance(HOUR);

    for (UUID id : List.of(revoked.key().id(), expired.key().id(), UUID.randomUUID())) {
      assertThat(keys.rotate(id, HOUR)).isEqualTo(new Rotation.NotUsable());
    }
  }

  @Test
  void rotate_inactiveUser_isRefusedAndTheOldKeyIsAsItWas() {
    IssuedKey old = keys.issue(NewApiKey.of(KeyOwner.user(ada), "k"));
    plinth.transact(
        tx -> {
          Sql.update(tx.connection(), "UPDATE plinth.users SET is_active = false");
          assertThatThrownBy(() -> keys.in(tx).rotate(old.key().id(), HOUR))
              .isInstanceOf(InactiveUserException.class);
        });

    assertThat(keys.find(old.key().id())).contains(old.key());
  }

  @Test
  void update_changesWhatMayChange_andRefusesAStaleVersion() {
    ApiKey key = keys.issue(NewApiKey.of(KeyOwner.user(ada), "k").withLifetime(HOUR)).key();

    ApiKey changed =
        keys.update(
            key.withName("renamed")
                .withScopes(List.of("admin"))
                .withMetadata(Json.of("{\"b\": 2}"))
                .withExpiresAt(null));

    assertThat(keys.find(key.id())).contains(changed);
    assertThat(changed.name()).isEqualTo("renamed");
    assertThat(changed.scopes()).containsExactly("admin");
    assertThat(changed.expiresAt()).isNull();
    assertThat(changed.version()).isEqualTo(2);
    assertThatThrownBy(() -> keys.update(key.withName("late")))
        .isInstanceOfSatisfying(
            StaleApiKeyException.class, e -> assertThat(e.keyId()).isEqualTo(key.id()));
  }

  @Test
  void page_byKeyset_visitsEveryKeyOnceInOrder() {
    List<UUID> issued = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      issued.add(keys.issue(NewApiKey.of(KeyOwner.node("n1"), "k" + i)).key().id());
      keys.issue(NewApiKey.of(KeyOwner.node("n2"), "k" + i));
    }

    List<UUID> seen = new ArrayList<>();
    List<ApiKey> page = keys.page(KeyOwner.node("n1"), null, 3);
    while (!page.isEmpty()) {
      page.forEach(key -> seen.add(key.id()));
      page = keys.page(KeyOwner.node("n1"), seen.get(seen.size() - 1), 3);
    }

    assertThat(seen).isEqualTo(issued);
  }

  @Test
  void tenants_seeAndWriteOnlyTheirOwn_andAKeyTellsItsTenant() {
    TxOptions acme = TxOptions.defaults().withTenant("acme");
    TxOptions other = TxOptions.defaults().withTenant("other");
    IssuedKey issued =
        plinth.transactReturning(
            acme, tx -> keys.in(tx).issue(NewApiKey.of(KeyOwner.node("n1"), "k")));
    UUID id = issued.key().id();

    plinth.transact(
        other,
        tx -> {
          assertThat(keys.in(tx).authenticate(issued.reveal())).isEqualTo(new Unknown());
          assertThat(keys.authenticate(issued.reveal())).isEqualTo(new Unknown());
          assertThat(keys.in(tx).find(id)).isEmpty();
          assertThat(keys.in(tx).page(KeyOwner.node("n1"), null, 10)).isEmpty();
          assertThat(keys.in(tx).rotate(id, HOUR)).isEqualTo(new Rotation.NotUsable());
          assertThat(keys.in(tx).revoke(id)).isFalse();
          assertThat(keys.in(tx).revokeAll(KeyOwner.node("n1"))).isZero();
          assertThatThrownBy(() -> keys.in(tx).update(issued.key()))
              .isInstanceOf(StaleApiKeyException.class);
          assertThatThrownBy(() -> keys.in(tx).issue(NewApiKey.of(KeyOwner.user(ada), "k")))
              .isInstanceOf(UnknownUserException.class);
        });
    assertThat(keys.find(id)).isEmpty();
    assertThat(keys.authenticate(issued.reveal()))
        .isInstanceOfSatisfying(
            Valid.class, valid -> assertThat(valid.tenantId()).isEqualTo("acme"));
    plinth.transact(
        acme,
        tx -> assertThat(keys.in(tx).authenticate(issued.reveal())).isInstanceOf(Valid.class));
  }

  @Test
  void userDeleted_keysGoWithIt() {
    IssuedKey issued = keys.issue(NewApiKey.of(KeyOwner.user(ada), "k"));
    plinth.transact(tx -> Sql.update(tx.connection(), "DELETE FROM plinth.users"));

    assertThat(keys.authenticate(issued.reveal())).isEqualTo(new Unknown());
  }

  @Test
  void values_atTheirLimits_passTheCheckConstraints() {
    String[] scopes = new String[100];
    for (int i = 0; i < scopes.length; i++) {
      scopes[i] = String.format("%0100d", i);
    }
    IssuedKey issued =
        keys.issue(
            NewApiKey.of(KeyOwner.service("s".repeat(255)), "n".repeat(255))
                .withPrefix("p".repeat(32))
                .withScopes(scopes)
                .withLifetime(Duration.ofDays(36_525)));

    assertThat(keys.authenticate(issued.reveal())).isInstanceOf(Valid.class);
  }

  @Test
  void badInput_isRefusedByName() {
    KeyOwner node = KeyOwner.node("n1");
    for (String prefix : List.of("", "1a", "a_", "_a", "a-b", "ä", "p".repeat(33))) {
      assertThatThrownBy(() -> NewApiKey.of(node, "k").withPrefix(prefix))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("prefix must be");
    }
    assertThatThrownBy(() -> NewApiKey.of(node, "k").withScopes(new String[101]))
        .hasMessageStartingWith("scopes must");
    assertThatThrownBy(() -> NewApiKey.of(node, "k").withScopes(" "))
        .hasMessageStartingWith("scopes must");
    assertThatThrownBy(() -> NewApiKey.of(node, "k").withLifetime(Duration.ZERO))
        .hasMessageStartingWith("lifetime must");
    assertThatThrownBy(() -> NewApiKey.of(node, "k").withMetadata(Json.of("[]")))
        .hasMessageStartingWith("metadata must");
    assertThatThrownBy(() -> new KeyOwner(KeyOwner.Kind.USER, "ada"))
        .hasMessageStartingWith("id must");
    assertThatThrownBy(() -> keys.rotate(ada, Duration.ofSeconds(-1)))
        .hasMessageStartingWith("overlap must");
    assertThatThrownBy(() -> keys.page(node, null, 1001)).hasMessageStartingWith("limit must");
  }

  static IssuedKey rotated(Rotation rotation) {
    assertThat(rotation).isInstanceOf(Rotation.Rotated.class);
    return ((Rotation.Rotated) rotation).issued();
  }
}
