package dev.plinth.core.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.apikey.ApiKey;
import dev.plinth.core.apikey.ApiKeysRevoked;
import dev.plinth.core.apikey.IssuedKey;
import dev.plinth.core.apikey.KeyAuthentication;
import dev.plinth.core.apikey.KeyOwner;
import dev.plinth.core.apikey.NewApiKey;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import dev.plinth.core.session.SessionsRevoked;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.ConnectionSource;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.PlinthTest;
import java.sql.Connection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@PlinthTest
class UserLifeTest {
  private final Plinth plinth;
  private final Users users;
  private final DataSource pool;
  private final List<PlinthEvent> announced = new ArrayList<>();
  private User ada;
  private User bob;

  UserLifeTest(Plinth plinth, DataSource pool) {
    this.plinth = plinth;
    this.users = plinth.users();
    this.pool = pool;
  }

  @BeforeEach
  void twoUsers() {
    plinth.events().inTransaction(PlinthEvent.class, (tx, event) -> announced.add(event));
    ada = users.create(NewUser.withExternalId("a").email("ada@example.org").username("ada"));
    bob = users.create(NewUser.withExternalId("b").email("bob@example.org").username("bob"));
  }

  @Test
  void deactivate_activeUser_endsSessionsForgetsConnectionsAndKeepsKeys() {
    own(ada);

    assertThat(users.deactivate(ada.id())).isTrue();
    assertThat(users.deactivate(ada.id())).isFalse();

    User now = users.find(ada.id()).orElseThrow();
    assertThat(now.isActive()).isFalse();
    assertThat(now.deactivatedAt()).isNotNull();
    assertThat(count("sessions WHERE user_id = ? AND is_active", ada)).isZero();
    assertThat(count("sessions WHERE user_id = ?", ada)).isEqualTo(1);
    assertThat(count("websocket_connections WHERE user_id = ?", ada)).isZero();
    assertThat(count("api_keys WHERE user_id = ? AND is_active", ada)).isEqualTo(1);
    assertThat(announced)
        .hasSize(2)
        .contains(new UserDeactivated(ada.id()))
        .hasAtLeastOneElementOfType(SessionsRevoked.class);
  }

  @Test
  void reactivate_deactivatedUser_isActiveAgainAndAnnouncedOnce() {
    users.deactivate(ada.id());

    assertThat(users.reactivate(ada.id())).isTrue();
    assertThat(users.reactivate(ada.id())).isFalse();

    User now = users.find(ada.id()).orElseThrow();
    assertThat(now.isActive()).isTrue();
    assertThat(now.deactivatedAt()).isNull();
    assertThat(announced)
        .containsExactly(new UserDeactivated(ada.id()), new UserReactivated(ada.id()));
  }

  @Test
  void reactivate_userWhoCannotBe_saysWhy() {
    users.merge(ada.id(), bob.id());
    assertThatThrownBy(() -> users.reactivate(ada.id()))
        .isInstanceOfSatisfying(
            MergedUserException.class, e -> assertThat(e.mergedInto()).isEqualTo(bob.id()));

    users.erase(bob.id());
    assertThatThrownBy(() -> users.reactivate(bob.id())).isInstanceOf(UnknownUserException.class);
    assertThatThrownBy(() -> users.reactivate(plinth.ids().next()))
        .isInstanceOf(UnknownUserException.class);
  }

  @Test
  void merge_userWithEverything_handsItOver() {
    own(ada);
    own(bob);

    assertThat(users.merge(ada.id(), bob.id()).id()).isEqualTo(bob.id());

    for (String table : List.of("api_keys", "sessions", "websocket_connections", "credentials")) {
      assertThat(count(table + " WHERE user_id = ?", ada)).as(table).isZero();
      assertThat(count(table + " WHERE user_id = ?", bob)).as(table).isEqualTo(2);
    }
    assertThat(count("api_keys WHERE owner_id = ?::uuid::text", bob)).isEqualTo(2);
    // Of two credentials of one name the taker's counts, and the other is kept.
    assertThat(count("credentials WHERE user_id = ? AND is_active AND name = 'mail'", bob))
        .isEqualTo(1);
    assertThat(count("credentials WHERE user_id = ? AND NOT is_active", bob)).isEqualTo(1);
    assertThat(texts("SELECT role FROM plinth.user_roles WHERE user_id = ? ORDER BY role", bob))
        .containsExactly("pilot", "user");
    assertThat(texts("SELECT role FROM plinth.user_roles WHERE user_id = ?", ada))
        .containsExactly("user");
    assertThat(announced).containsExactly(new UsersMerged(ada.id(), bob.id()));
    plinth.migrations().verify();
  }

  @Test
  void merge_twice_doesNothingMore() {
    users.merge(ada.id(), bob.id());
    users.merge(ada.id(), bob.id());

    assertThat(announced).hasSize(1);
    assertThat(users.find(ada.id()).orElseThrow().version()).isEqualTo(2);
  }

  @Test
  void find_mergedUser_byOldNamesIsTheOneWhoTookOver() {
    users.merge(ada.id(), bob.id());

    User now = users.find(bob.id()).orElseThrow();
    assertThat(users.findByExternalId("a")).contains(now);
    assertThat(users.findByEmail("ADA@example.org")).contains(now);
    assertThat(users.findByUsername("ada")).contains(now);
    assertThat(users.findOrCreate(NewUser.withExternalId("a"))).isEqualTo(now);
    User given = users.find(ada.id()).orElseThrow();
    assertThat(given.mergedInto()).isEqualTo(bob.id());
    assertThat(given.isActive()).isFalse();
    assertThatThrownBy(() -> users.create(NewUser.withEmail("ada@example.org")))
        .isInstanceOfSatisfying(
            DuplicateUserException.class, e -> assertThat(e.field()).isEqualTo("email"));
  }

  @Test
  void merge_inAChain_everyoneLeadsToTheLast() {
    User eve = users.create(NewUser.withExternalId("e"));
    users.merge(ada.id(), bob.id());

    users.merge(bob.id(), eve.id());

    assertThat(users.findByExternalId("a").orElseThrow().id()).isEqualTo(eve.id());
    assertThat(users.find(ada.id()).orElseThrow().mergedInto()).isEqualTo(eve.id());
    plinth.migrations().verify();
  }

  @Test
  void merge_withWhoWasMerged_isRefusedAndTheHostGoesOn() throws Exception {
    User eve = users.create(NewUser.withExternalId("e"));
    users.merge(ada.id(), bob.id());
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Users joined = users.in(plinth.join(host));
      assertThatThrownBy(() -> joined.merge(bob.id(), ada.id()))
          .isInstanceOfSatisfying(
              MergedUserException.class, e -> assertThat(e.userId()).isEqualTo(ada.id()));
      assertThatThrownBy(() -> joined.merge(ada.id(), eve.id()))
          .isInstanceOf(MergedUserException.class);
      assertThatThrownBy(() -> joined.merge(plinth.ids().next(), eve.id()))
          .isInstanceOf(UnknownUserException.class);
      joined.deactivate(eve.id());
      host.commit();
    }
    assertThat(users.find(eve.id()).orElseThrow().isActive()).isFalse();
  }

  @Test
  void merge_deactivatedUser_revokesTheKeysThatWereRefused() {
    IssuedKey key = plinth.apiKeys().issue(NewApiKey.of(KeyOwner.user(ada.id()), "k"));
    users.deactivate(ada.id());
    announced.clear();

    users.merge(ada.id(), bob.id());

    assertThat(plinth.apiKeys().authenticate(key.reveal()))
        .isNotInstanceOf(KeyAuthentication.Valid.class);
    ApiKey now = plinth.apiKeys().find(key.key().id()).orElseThrow();
    assertThat(now.owner()).isEqualTo(KeyOwner.user(bob.id()));
    assertThat(now.isActive()).isFalse();
    assertThat(announced)
        .containsExactly(
            new ApiKeysRevoked(KeyOwner.user(ada.id()), List.of(now.id())),
            new UsersMerged(ada.id(), bob.id()));
  }

  @Test
  void merge_activeUser_itsKeysStayGoodAndAreTheOthers() {
    IssuedKey key = plinth.apiKeys().issue(NewApiKey.of(KeyOwner.user(ada.id()), "k"));

    users.merge(ada.id(), bob.id());

    assertThat(plinth.apiKeys().authenticate(key.reveal()))
        .isInstanceOfSatisfying(
            KeyAuthentication.Valid.class,
            valid -> assertThat(valid.owner()).isEqualTo(KeyOwner.user(bob.id())));
  }

  @Test
  void merge_taker_hasANewVersionAndIsReturnedWithIt() {
    User taker = users.merge(ada.id(), bob.id());

    assertThat(taker.version()).isEqualTo(bob.version() + 1);
    assertThat(users.find(bob.id())).contains(taker);
  }

  @ParameterizedTest
  @EnumSource(
      value = TxOptions.Isolation.class,
      names = {"REPEATABLE_READ", "SERIALIZABLE"})
  void mergeAndErase_inAStricterTransaction_areRefusedAndItGoesOn(TxOptions.Isolation isolation) {
    plinth.transact(
        TxOptions.defaults().withIsolation(isolation),
        tx -> {
          for (Users form : List.of(users, users.in(tx))) {
            assertThatThrownBy(() -> form.merge(ada.id(), bob.id()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("READ COMMITTED");
            assertThatThrownBy(() -> form.erase(ada.id()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("READ COMMITTED");
          }
          users.in(tx).deactivate(bob.id());
        });

    assertThat(users.find(ada.id())).contains(ada);
    assertThat(users.find(bob.id()).orElseThrow().isActive()).isFalse();
    assertThat(announced).containsExactly(new UserDeactivated(bob.id()));
  }

  @Test
  void mergeAndErase_dataSourceOfAStricterIsolation_askForReadCommitted() {
    ConnectionSource stricter =
        () -> {
          Connection connection = pool.getConnection();
          connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
          return connection;
        };
    try (Plinth strict = Plinth.builder().connectionSource(stricter).build()) {
      assertThat(strict.users().merge(ada.id(), bob.id()).id()).isEqualTo(bob.id());
      assertThat(strict.users().erase(bob.id())).isTrue();
    }
    assertThat(users.find(ada.id()).orElseThrow().erasedAt()).isNotNull();
  }

  @Test
  void merge_subscriberThrows_nothingHappened() {
    own(ada);
    plinth
        .events()
        .inTransaction(
            UsersMerged.class,
            (tx, event) -> {
              throw new IllegalStateException("not today");
            });

    assertThatThrownBy(() -> users.merge(ada.id(), bob.id())).hasMessage("not today");

    assertThat(users.find(ada.id())).contains(ada);
    assertThat(count("api_keys WHERE user_id = ?", ada)).isEqualTo(1);
  }

  @Test
  void merge_usersOfAnotherTenant_areUnknown() {
    assertThatThrownBy(
            () ->
                plinth.transact(
                    TxOptions.defaults().withTenant("acme"),
                    tx -> users.in(tx).merge(ada.id(), bob.id())))
        .isInstanceOf(UnknownUserException.class);
  }

  @Test
  void erase_userAndWhoWasMerged_nothingTellsWhoTheyWere() {
    users.merge(ada.id(), bob.id());
    users.update(
        users
            .find(bob.id())
            .orElseThrow()
            .withFullName("Bob")
            .withPicture("p")
            .withRole("user")
            .withVerified(true)
            .withLastLoginAt(Instant.parse("2026-01-01T00:00:00Z"))
            .withSettings(Json.of("{\"dark\": true}")));
    own(bob);

    assertThat(users.erase(bob.id())).isTrue();
    assertThat(users.erase(bob.id())).isFalse();

    for (User user : List.of(ada, bob)) {
      User now = users.find(user.id()).orElseThrow();
      assertThat(now.erasedAt()).isNotNull();
      assertThat(now.isActive()).isFalse();
      assertThat(now.deactivatedAt()).isNotNull();
      assertThat(
              texts(
                  "SELECT (to_jsonb(u) - 'id' - 'merged_into')::text FROM plinth.users u WHERE id = ?",
                  user))
          .noneMatch(row -> row.contains("example.org") || row.contains("bob"));
      for (String table : List.of("api_keys", "sessions", "websocket_connections", "credentials")) {
        assertThat(count(table + " WHERE user_id = ?", user)).as(table).isZero();
      }
    }
    assertThat(users.findByEmail("bob@example.org")).isEmpty();
    assertThat(users.create(NewUser.withEmail("bob@example.org")).id()).isNotEqualTo(bob.id());
    assertThat(announced.subList(1, 3))
        .containsExactlyInAnyOrder(new UserErased(ada.id()), new UserErased(bob.id()));
    plinth.migrations().verify();
  }

  @Test
  void update_erasedUser_isStaleAndWritesNothing() {
    users.erase(ada.id());
    User erased = users.find(ada.id()).orElseThrow();
    assertThatThrownBy(() -> users.update(erased.withEmail("again@example.org")))
        .isInstanceOfAny(StaleUserException.class, IllegalArgumentException.class);
    assertThatThrownBy(() -> users.update(ada.withFullName("Ada")))
        .isInstanceOf(StaleUserException.class);
    assertThatThrownBy(() -> users.patchSettings(ada.id(), Json.of("{\"a\":1}")))
        .isInstanceOf(UnknownUserException.class);
    assertThatThrownBy(() -> users.merge(ada.id(), bob.id()))
        .isInstanceOf(UnknownUserException.class);
    assertThat(users.find(ada.id())).contains(erased);
  }

  @Test
  void delete_userWithKeys_takesThemAlongAndWhoWasMerged() {
    own(bob);
    users.merge(ada.id(), bob.id());

    assertThat(users.delete(bob.id())).isTrue();
    assertThat(users.delete(bob.id())).isFalse();

    assertThat(users.find(ada.id())).isEmpty();
    assertThat(count("api_keys WHERE user_id = ?", bob)).isZero();
    assertThat(announced).contains(new UserDeleted(bob.id()));
  }

  @Test
  void delete_rowOfTheHostRefersToTheUser_isRefusedAndTheHostGoesOn() throws Exception {
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Sql.execute(host, "CREATE TABLE orders (user_id uuid NOT NULL REFERENCES plinth.users (id))");
      Sql.update(host, "INSERT INTO orders VALUES (?)", ada.id());
      Users joined = users.in(plinth.join(host));
      assertThatThrownBy(() -> joined.delete(ada.id()))
          .isInstanceOfSatisfying(
              UserInUseException.class, e -> assertThat(e.userId()).isEqualTo(ada.id()));
      joined.deactivate(ada.id());
      Sql.execute(host, "DROP TABLE orders");
      host.commit();
    }
    assertThat(users.find(ada.id()).orElseThrow().isActive()).isFalse();
    assertThat(announced).doesNotHaveAnyElementsOfTypes(UserDeleted.class);
  }

  @Test
  void erase_moduleThatThisNodeLacks_isRefusedBeforeAnythingIsErased() {
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                "INSERT INTO plinth.schema_changes (module, version, compatibility)"
                    + " VALUES ('shop', 1, 'expanding')"));
    try {
      assertThatThrownBy(() -> users.erase(ada.id()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("shop");
      assertThatThrownBy(() -> users.merge(ada.id(), bob.id()))
          .isInstanceOf(IllegalStateException.class);
    } finally {
      plinth.transact(
          tx ->
              Sql.update(
                  tx.connection(), "DELETE FROM plinth.schema_changes WHERE module = 'shop'"));
    }
    assertThat(users.find(ada.id())).contains(ada);
    assertThat(announced).isEmpty();
  }

  @Test
  void page_filtered_showsWhatMatchesInOrder() {
    User eve = users.create(NewUser.withExternalId("e").role("superuser"));
    users.deactivate(bob.id());

    assertThat(ids(UserFilter.all())).containsExactly(ada.id(), bob.id(), eve.id());
    assertThat(ids(UserFilter.all().withActive(false))).containsExactly(bob.id());
    assertThat(ids(UserFilter.all().withActive(true).withRole("user"))).containsExactly(ada.id());
    assertThat(ids(UserFilter.all().withCreatedFrom(bob.createdAt())))
        .containsExactly(bob.id(), eve.id());
    assertThat(ids(UserFilter.all().withCreatedBefore(bob.createdAt()))).containsExactly(ada.id());
    users.merge(ada.id(), eve.id());
    assertThat(ids(UserFilter.all().withoutRetired())).containsExactly(bob.id(), eve.id());
    assertThat(users.page(UserFilter.all(), ada.id(), 1))
        .extracting(User::id)
        .containsExactly(bob.id());
  }

  /** The examples of RFC 7396, appendix A, that begin and end with an object. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\":\"b\"} | {\"a\":\"c\"} | {\"a\":\"c\"}",
        "{\"a\":\"b\"} | {\"b\":\"c\"} | {\"a\":\"b\",\"b\":\"c\"}",
        "{\"a\":\"b\"} | {\"a\":null} | {}",
        "{\"a\":\"b\",\"b\":\"c\"} | {\"a\":null} | {\"b\":\"c\"}",
        "{\"a\":[\"b\"]} | {\"a\":\"c\"} | {\"a\":\"c\"}",
        "{\"a\":\"c\"} | {\"a\":[\"b\"]} | {\"a\":[\"b\"]}",
        "{\"a\":{\"b\":\"c\"}} | {\"a\":{\"b\":\"d\",\"c\":null}} | {\"a\":{\"b\":\"d\"}}",
        "{\"a\":[{\"b\":\"c\"}]} | {\"a\":[1]} | {\"a\":[1]}",
        "{\"e\":null} | {\"a\":1} | {\"e\":null,\"a\":1}",
        "{} | {\"a\":{\"bb\":{\"ccc\":null}}} | {\"a\":{\"bb\":{}}}",
        "{\"n\":1.50} | {\"m\":12345678901234567890.120} | {\"n\":1.50,\"m\":12345678901234567890.120}"
      })
  void patchMetadata_mergePatch_isThatOfTheRfc(String before, String patch, String after) {
    users.update(ada.withMetadata(Json.of(before)));

    User patched = users.patchMetadata(ada.id(), Json.of(patch));

    assertThat(patched.version()).isEqualTo(3);
    assertThat(
            texts(
                "SELECT (metadata = '%s' AND metadata::text = '%s'::jsonb::text)::text FROM plinth.users WHERE id = ?"
                    .formatted(after, after),
                ada))
        .containsExactly("true");
  }

  @Test
  void patchSettings_unfit_isRefused() {
    assertThatThrownBy(() -> users.patchSettings(ada.id(), Json.of("[1]")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("patch must be a JSON object");
    assertThatThrownBy(() -> users.patchSettings(plinth.ids().next(), Json.emptyObject()))
        .isInstanceOf(UnknownUserException.class);
    assertThatThrownBy(() -> users.merge(ada.id(), ada.id()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("into must be another user than from");
  }

  private List<UUID> ids(UserFilter filter) {
    return users.page(filter, null, 100).stream().map(User::id).toList();
  }

  /** One of each that core keeps of a user. */
  private void own(User user) {
    plinth.transact(
        tx -> {
          Connection connection = tx.connection();
          UUID id = user.id();
          Sql.update(
              connection,
              "INSERT INTO plinth.api_keys (id, owner_type, owner_id, user_id, name, prefix, key_hash)"
                  + " VALUES (?, 'user', ?, ?, 'k', 'p', sha256(?::text::bytea))",
              plinth.ids().next(),
              id.toString(),
              id,
              id.toString());
          UUID session = plinth.ids().next();
          Sql.update(
              connection,
              "INSERT INTO plinth.sessions (id, user_id, token_hash, idle_timeout, idle_expires_at,"
                  + " expires_at) VALUES (?, ?, sha256(?::text::bytea), '1 h', now() + '1 h', now() +"
                  + " '1 d')",
              session,
              id,
              session.toString());
          Sql.update(
              connection,
              "INSERT INTO plinth.websocket_connections (id, user_id, instance_id, expires_at)"
                  + " VALUES (?, ?, ?, now() + interval '1 h')",
              plinth.ids().next(),
              id,
              plinth.ids().next());
          UUID key = plinth.ids().next();
          Sql.update(
              connection,
              "INSERT INTO plinth.vault_data_keys (id, epoch, key_id, wrapped) VALUES (?, (SELECT"
                  + " coalesce(max(epoch), 0) + 1 FROM plinth.vault_data_keys), 'k', '\\x01')",
              key);
          Sql.update(
              connection,
              "INSERT INTO plinth.credentials (id, user_id, name, type, encrypted_data) VALUES (?, ?,"
                  + " 'mail', 'api_key', decode('01' || replace(?, '-', '') || repeat('00', 40),"
                  + " 'hex'))",
              plinth.ids().next(),
              id,
              key.toString());
          Sql.update(
              connection,
              "INSERT INTO plinth.roles (name) VALUES ('pilot') ON CONFLICT DO NOTHING");
          Sql.update(
              connection,
              "INSERT INTO plinth.user_roles (user_id, role) VALUES (?, 'pilot') ON CONFLICT DO"
                  + " NOTHING",
              id);
        });
  }

  private long count(String what, User user) {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    "SELECT count(*) FROM plinth." + what,
                    row -> row.getLong(1),
                    user.id())
                .get(0));
  }

  private List<String> texts(String sql, User user) {
    return plinth.transactReturning(
        tx -> Sql.query(tx.connection(), sql, row -> row.getString(1), user.id()));
  }
}
